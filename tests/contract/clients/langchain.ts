import type { Embeddings } from '@langchain/core/embeddings'
import type { BaseChatModel } from '@langchain/core/language_models/chat_models'
import {
  AIMessage,
  type AIMessageChunk,
  HumanMessage,
  ToolMessage,
  type UsageMetadata,
} from '@langchain/core/messages'
import { concat } from '@langchain/core/utils/stream'
import type { Question, Session, Told } from './client.ts'
import { SILENCE } from './gathered.ts'

export interface LangChainModels {
  /** A model that is to think, or as it comes. */
  readonly chat: (name: string, thinks: boolean) => BaseChatModel
  readonly embeddings: (name: string) => Embeddings
}

/** LangChain with the models of a package. */
export function langChainSession({ chat, embeddings }: LangChainModels): Session {
  const runnableOf = ({ model, tools, thinks = false }: Question) => {
    const runnable = chat(model, thinks)
    const functions = tools?.map((tool) => ({ type: 'function', function: tool }))
    return functions && runnable.bindTools ? runnable.bindTools(functions) : runnable
  }
  return {
    async ask(question) {
      if (question.shape) return await askForShape(chat(question.model, false), question)
      return { ...SILENCE, ...toPiece(await runnableOf(question).invoke(messagesOf(question))) }
    },
    async *stream(question, signal) {
      const options = signal ? { signal } : {}
      const chunks = await runnableOf(question).stream(messagesOf(question), options)
      let whole: AIMessageChunk | undefined
      for await (const chunk of chunks) {
        whole = whole ? concat(whole, chunk) : chunk
        yield { text: chunk.text }
      }
      // Thoughts and calls may come in parts and once more at the end.
      if (whole) yield { ...toPiece(whole), text: '' }
    },
    embed: (model, texts) => embeddings(model).embedDocuments([...texts]),
  }
}

/** It gives the answer as an object. */
async function askForShape(model: BaseChatModel, question: Question): Promise<Told> {
  const shaped = model.withStructuredOutput({ ...question.shape }, { method: 'jsonSchema' })
  const answer = await shaped.invoke(messagesOf(question))
  return { ...SILENCE, text: JSON.stringify(answer) }
}

function messagesOf({ text, image, called }: Question) {
  const url = `data:image/png;base64,${image}`
  const seen = [
    { type: 'text', text },
    { type: 'image_url', image_url: { url } },
  ]
  const user = new HumanMessage(image ? { content: seen } : text)
  if (!called) return [user]
  const { name, input } = called.call
  const args = { ...(input as object) }
  return [
    user,
    new AIMessage({ content: '', tool_calls: [{ id: 'call_1', name, args, type: 'tool_call' }] }),
    new ToolMessage({ content: called.result, tool_call_id: 'call_1', name }),
  ]
}

/** What is read of a message, or of a chunk of one. */
interface Spoken {
  readonly text: string
  readonly contentBlocks: readonly { readonly type: string; readonly reasoning?: unknown }[]
  readonly tool_calls?: undefined | readonly { readonly name: string; readonly args: unknown }[]
  readonly usage_metadata?: UsageMetadata | undefined
}

const toPiece = ({ text, contentBlocks, tool_calls, usage_metadata }: Spoken) => ({
  text,
  thinking: contentBlocks
    .flatMap(({ type, reasoning }) => (type === 'reasoning' ? [reasoning] : []))
    .join(''),
  calls: (tool_calls ?? []).map(({ name, args: input }) => ({ name, input })),
  ...(usage_metadata && {
    promptTokens: usage_metadata.input_tokens ?? 0,
    completionTokens: usage_metadata.output_tokens ?? 0,
  }),
})
