import {
  type EmbeddingModel,
  embedMany,
  generateText,
  jsonSchema,
  type LanguageModel,
  type ModelMessage,
  Output,
  streamText,
  type ToolSet,
  tool,
} from 'ai'
import type { Question, Session, Told } from './client.ts'

type ProviderOptions = NonNullable<Parameters<typeof generateText>[0]['providerOptions']>

export interface AiSdkModels {
  readonly chat: (name: string) => LanguageModel
  readonly embedding: (name: string) => EmbeddingModel
  /** What tells a model to think. */
  readonly thinking: ProviderOptions
}

/** Vercel's AI SDK with the models of a provider. */
export function aiSdkSession(
  { chat, embedding, thinking }: AiSdkModels,
  maxRetries: number,
): Session {
  const optionsOf = ({ model, tools, shape, thinks, ...question }: Question) => ({
    model: chat(model),
    messages: messagesOf(question),
    maxRetries,
    ...(tools && { tools: toolsOf(tools) }),
    ...(shape && { output: Output.object({ schema: jsonSchema({ ...shape }) }) }),
    ...(thinks && { providerOptions: thinking }),
  })
  return {
    async ask(question) {
      const { text, reasoningText, toolCalls, usage } = await generateText(optionsOf(question))
      return {
        text,
        thinking: reasoningText ?? '',
        calls: toolCalls.map(({ toolName: name, input }) => ({ name, input })),
        ...tokensOf(usage),
      }
    },
    async *stream(question, abortSignal) {
      // It writes errors to the console unless somebody takes them.
      const options = { ...optionsOf(question), onError: () => {} }
      const { stream } = streamText({ ...options, ...(abortSignal && { abortSignal }) })
      for await (const part of stream) {
        if (part.type === 'error') throw part.error
        if (part.type === 'abort') throw new Error('aborted')
        if (part.type === 'text-delta') yield { text: part.text }
        if (part.type === 'reasoning-delta') yield { thinking: part.text }
        if (part.type === 'tool-call') {
          yield { calls: [{ name: part.toolName, input: part.input }] }
        }
        if (part.type === 'finish') yield tokensOf(part.totalUsage)
      }
    },
    async embed(model, texts) {
      const values = [...texts]
      return (await embedMany({ model: embedding(model), values, maxRetries })).embeddings
    },
  }
}

function messagesOf({ text, image, called }: Omit<Question, 'model'>): ModelMessage[] {
  const user: ModelMessage = image
    ? {
        role: 'user',
        content: [
          { type: 'text', text },
          { type: 'file', data: image, mediaType: 'image/png' },
        ],
      }
    : { role: 'user', content: text }
  if (!called) return [user]
  const { name: toolName, input } = called.call
  const made = { toolCallId: 'call_1', toolName }
  const output = { type: 'text', value: called.result } as const
  return [
    user,
    { role: 'assistant', content: [{ type: 'tool-call', ...made, input }] },
    { role: 'tool', content: [{ type: 'tool-result', ...made, output }] },
  ]
}

const toolsOf = (tools: NonNullable<Question['tools']>): ToolSet =>
  Object.fromEntries(
    tools.map(({ name, description, parameters }) => [
      name,
      tool({ description, inputSchema: jsonSchema({ ...parameters }) }),
    ]),
  )

const tokensOf = ({
  inputTokens = 0,
  outputTokens = 0,
}: {
  readonly inputTokens?: number | undefined
  readonly outputTokens?: number | undefined
}): Pick<Told, 'promptTokens' | 'completionTokens'> => ({
  promptTokens: inputTokens,
  completionTokens: outputTokens,
})
