import OpenAI from 'openai'
import type { Address, Call, Client, Question, Told } from './client.ts'
import { openAiException } from './openai-exception.ts'

type Params = OpenAI.ChatCompletionCreateParamsNonStreaming
type Message = OpenAI.ChatCompletionMessageParam

/** The library that OpenAI has for JavaScript, pointed at `/openai/v1`. */
export const openAiOf = ({ url, key, retries }: Address): OpenAI =>
  new OpenAI({ baseURL: `${url}/openai/v1`, apiKey: key, maxRetries: retries })

/** Its chat completions. */
export const openAiChat: Client = {
  name: "OpenAI's client (chat.completions)",
  endpoint: '/api/chat',
  cannot: {},
  estimate: 8,
  thrownFor: openAiException,
  open(address) {
    const { chat, embeddings, models } = openAiOf(address)
    return {
      async ask(question) {
        const { choices, usage } = await chat.completions.create(paramsOf(question))
        const message = choices[0]?.message
        return {
          text: message?.content ?? '',
          thinking: thoughtIn(message),
          calls: (message?.tool_calls ?? []).flatMap((call) =>
            call.type === 'function' ? toCall(call) : [],
          ),
          promptTokens: usage?.prompt_tokens ?? 0,
          completionTokens: usage?.completion_tokens ?? 0,
        }
      },
      async *stream(question, signal) {
        const params = { ...paramsOf(question), stream_options: { include_usage: true } }
        const chunks = await chat.completions.create({ ...params, stream: true }, { signal })
        for await (const { choices, usage } of chunks) yield toPiece(choices[0]?.delta, usage)
      },
      async embed(model, input) {
        const { data } = await embeddings.create({ model, input: [...input] })
        return data.map(({ embedding }) => embedding)
      },
      async models() {
        const names: string[] = []
        for await (const { id } of models.list()) names.push(id)
        return names
      },
    }
  },
}

function paramsOf({ model, shape, thinks, tools, ...question }: Question): Params {
  return {
    model,
    messages: messagesOf(question),
    ...(tools && { tools: tools.map((tool) => ({ type: 'function', function: { ...tool } })) }),
    ...(shape && {
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: shape } },
    }),
    ...(thinks && { reasoning_effort: 'high' }),
  }
}

function messagesOf({ text, image, called }: Omit<Question, 'model'>): Message[] {
  const url = `data:image/png;base64,${image}`
  const user: Message = image
    ? {
        role: 'user',
        content: [
          { type: 'text', text },
          { type: 'image_url', image_url: { url } },
        ],
      }
    : { role: 'user', content: text }
  if (!called) return [user]
  const { name, input } = called.call
  const call = { name, arguments: JSON.stringify(input) }
  return [
    user,
    { role: 'assistant', tool_calls: [{ id: 'call_1', type: 'function', function: call }] },
    { role: 'tool', tool_call_id: 'call_1', content: called.result },
  ]
}

/** Calls come whole, each in one piece. */
const toPiece = (
  delta: OpenAI.ChatCompletionChunk.Choice.Delta | undefined,
  usage: OpenAI.CompletionUsage | null | undefined,
): Partial<Told> => ({
  text: delta?.content ?? '',
  thinking: thoughtIn(delta),
  calls: (delta?.tool_calls ?? []).flatMap(toCall),
  ...(usage && {
    promptTokens: usage.prompt_tokens,
    completionTokens: usage.completion_tokens,
  }),
})

/** Not among its types: OpenAI tells no thoughts. */
const thoughtIn = (message: object | undefined): string =>
  String((message as { reasoning?: string } | undefined)?.reasoning ?? '')

const toCall = (call: {
  function?: { name?: string | undefined; arguments?: string | undefined }
}): Call[] =>
  call.function?.name
    ? [{ name: call.function.name, input: JSON.parse(call.function.arguments ?? '{}') }]
    : []
