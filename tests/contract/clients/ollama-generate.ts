import type { GenerateResponse } from 'ollama'
import type { Client, Question, Told } from './client.ts'
import { ollamaOf } from './ollama-chat.ts'
import { ollamaException } from './ollama-exception.ts'

/** Completions through Ollama's own library. */
export const ollamaGenerate: Client = {
  name: "Ollama's client (generate)",
  endpoint: '/api/generate',
  cannot: { tools: 'takes no tools', 'trying again': 'asks once' },
  thrownFor: ollamaException,
  open(address) {
    const client = ollamaOf(address)
    return {
      ask: async (question) => toTold(await client.generate(requestOf(question))),
      async *stream(question, signal) {
        const records = await client.generate({ ...requestOf(question), stream: true })
        signal?.addEventListener('abort', () => records.abort())
        for await (const record of records) yield toTold(record)
      },
    }
  },
}

const requestOf = ({ model, text, image, shape, thinks }: Question) => ({
  model,
  prompt: text,
  ...(image && { images: [image] }),
  ...(shape && { format: { ...shape } }),
  ...(thinks && { think: thinks }),
})

const toTold = (record: GenerateResponse): Told => ({
  text: record.response ?? '',
  thinking: record.thinking ?? '',
  calls: [],
  promptTokens: record.prompt_eval_count ?? 0,
  completionTokens: record.eval_count ?? 0,
})
