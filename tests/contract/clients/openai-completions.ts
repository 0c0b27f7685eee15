import type { Client } from './client.ts'
import { openAiOf } from './openai-chat.ts'
import { openAiException } from './openai-exception.ts'

/** OpenAI's older completions, of a prompt and nothing else. */
export const openAiCompletions: Client = {
  name: "OpenAI's client (completions)",
  endpoint: '/api/generate',
  cannot: {
    thinking: 'has no place for thoughts',
    tools: 'takes no tools',
    images: 'takes a text only',
    shapes: 'takes no schema',
  },
  estimate: 1,
  thrownFor: openAiException,
  open(address) {
    const { completions } = openAiOf(address)
    return {
      async ask({ model, text: prompt }) {
        const { choices, usage } = await completions.create({ model, prompt })
        return {
          text: choices[0]?.text ?? '',
          thinking: '',
          calls: [],
          promptTokens: usage?.prompt_tokens ?? 0,
          completionTokens: usage?.completion_tokens ?? 0,
        }
      },
      async *stream({ model, text: prompt }, signal) {
        const parts = await completions.create(
          { model, prompt, stream: true, stream_options: { include_usage: true } },
          { signal },
        )
        for await (const { choices, usage } of parts) {
          yield {
            text: choices[0]?.text ?? '',
            ...(usage && {
              promptTokens: usage.prompt_tokens,
              completionTokens: usage.completion_tokens,
            }),
          }
        }
      },
    }
  },
}
