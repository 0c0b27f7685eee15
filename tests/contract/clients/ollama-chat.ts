import { type ChatResponse, type Message, Ollama } from 'ollama'
import type { Address, Client, Question, Told } from './client.ts'
import { ollamaException } from './ollama-exception.ts'

/** Ollama's own library for JavaScript, pointed at `/ollama`. */
export const ollamaOf = ({ url, key }: Pick<Address, 'url' | 'key'>): Ollama =>
  new Ollama({ host: `${url}/ollama`, headers: { authorization: `Bearer ${key}` } })

/** Its chats. */
export const ollamaChat: Client = {
  name: "Ollama's client (chat)",
  endpoint: '/api/chat',
  cannot: { 'trying again': 'asks once' },
  thrownFor: ollamaException,
  open(address) {
    const client = ollamaOf(address)
    return {
      ask: async (question) => toTold(await client.chat(requestOf(question))),
      async *stream(question, signal) {
        const records = await client.chat({ ...requestOf(question), stream: true })
        signal?.addEventListener('abort', () => records.abort())
        for await (const record of records) yield toTold(record)
      },
      async embed(model, input) {
        return (await client.embed({ model, input: [...input] })).embeddings
      },
      models: async () => (await client.list()).models.map(({ name }) => name),
    }
  },
}

const requestOf = ({ model, tools, shape, thinks, ...question }: Question) => ({
  model,
  messages: messagesOf(question),
  ...(tools && { tools: tools.map((tool) => ({ type: 'function', function: { ...tool } })) }),
  ...(shape && { format: { ...shape } }),
  ...(thinks && { think: thinks }),
})

function messagesOf({ text, image, called }: Omit<Question, 'model'>): Message[] {
  const user = { role: 'user', content: text, ...(image && { images: [image] }) }
  if (!called) return [user]
  const { name, input } = called.call
  const made = { function: { name, arguments: { ...(input as object) } } }
  return [
    user,
    { role: 'assistant', content: '', tool_calls: [made] },
    { role: 'tool', tool_name: name, content: called.result },
  ]
}

const toTold = ({ message, prompt_eval_count, eval_count }: ChatResponse): Told => ({
  text: message.content,
  thinking: message.thinking ?? '',
  calls: (message.tool_calls ?? []).map(({ function: { name, arguments: input } }) => ({
    name,
    input,
  })),
  promptTokens: prompt_eval_count ?? 0,
  completionTokens: eval_count ?? 0,
})
