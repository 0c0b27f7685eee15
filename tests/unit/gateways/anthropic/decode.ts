import {
  countTokensRequest,
  type MessageRequest,
  messageRequest,
  toMessage,
  toPrompt,
} from '../../../../app/gateways/anthropic/message-request.ts'
import { bodyOf } from '../../../../app/middleware/body.ts'

/** A whole image. */
export const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5='

/** The smallest message. */
export const SMALLEST = { model: 'm', max_tokens: 16, messages: [{ role: 'user', content: 'hi' }] }

/** A tool without parameters. */
export const tool = (name: string) => ({ name, input_schema: { type: 'object' } })

const message = bodyOf(messageRequest, toMessage)
const prompt = bodyOf(countTokensRequest, toPrompt)

/** What is made of the smallest message with these fields of its own. */
export const decoded = (change: object = {}): MessageRequest =>
  message.read({ ...SMALLEST, ...change })

/** The messages that Ollama is sent for these. */
export const nativeMessages = (messages: readonly object[], change: object = {}) =>
  decoded({ messages, ...change }).chat.messages

/** The same for one message of a user. */
export const nativeUser = (...content: readonly object[]) =>
  nativeMessages([{ role: 'user', content }])

/** What is made of a prompt whose tokens are to be counted. */
export const decodedPrompt = (body: Readonly<Record<string, unknown>>) => prompt.read(body)
