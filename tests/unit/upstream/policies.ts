import { chatRequest, generateRequest } from '../../../app/domain/native.ts'
import {
  chatForUpstream,
  generateForUpstream,
  type OptionsPolicy,
} from '../../../app/upstream/policy.ts'

export const ANYONE: OptionsPolicy = {
  trusted: false,
  maxPredictTokens: 1000,
  remainingTokens: null,
  maxContextTokens: 8192,
  fields: new Set(),
}
export const MANAGER: OptionsPolicy = { ...ANYONE, trusted: true }
export const allowing = (...fields: string[]): OptionsPolicy => ({
  ...ANYONE,
  fields: new Set(fields),
})

export const MODEL = 'llama3:latest'
const MESSAGES = [{ role: 'user', content: 'hi' }]

export type Sent = Record<string, unknown> & { options: Record<string, unknown> }
export const json = (body: object): Sent => JSON.parse(JSON.stringify(body)) as Sent

/** What Ollama is sent for what a caller sends. */
export const chat = (body: object, policy: OptionsPolicy) =>
  json(
    chatForUpstream(chatRequest.parse({ model: 'x', messages: MESSAGES, ...body }), MODEL, policy),
  )
export const generate = (body: object, policy: OptionsPolicy) =>
  json(
    generateForUpstream(
      generateRequest.parse({ model: 'x', prompt: 'hi', ...body }),
      MODEL,
      policy,
    ),
  )
