import { type ChatRequest, chatBytes, predictTokensOf } from '../domain/native.ts'
import { estimatePromptTokens } from '../domain/usage.ts'
import type { Work } from '../middleware/token-bucket.ts'
import { chatForUpstream, type FieldNames } from '../upstream/policy.ts'
import type { Encoder } from './encoder.ts'
import type { Call, GatewayNeeds } from './gateway.ts'

/** What was asked for, as far as it is a chat to Ollama. */
export interface AskedChat {
  readonly chat: ChatRequest
}

/** What a chat asks of a model. */
export const CHAT_WORK: Work<AskedChat> = {
  promptBytes: ({ chat }) => chatBytes(chat),
  predictTokens: ({ chat }) => predictTokensOf(chat),
}

/** How many tokens the prompt of a chat has, as far as is known before Ollama says it. */
export const promptTokensOf = (chat: ChatRequest): number => estimatePromptTokens(chatBytes(chat))

/** How a chat is sent, and how its answer is told. */
export interface SentChat {
  /** What the model is told about thinking. */
  readonly think: ChatRequest['think']
  /** What the caller calls otherwise than Ollama does. */
  readonly names: FieldNames
  /** How the answer is told. */
  readonly encoder: Encoder
}

/** Sends the call's chat, as far as its caller may have it. Throws forbidden and bad_request. */
export function sendChat(
  call: Call<AskedChat>,
  { relay }: Pick<GatewayNeeds, 'relay'>,
  { think, names, encoder }: SentChat,
): Promise<Response> {
  const asked = { ...call.body.chat, think }
  const body = JSON.stringify(chatForUpstream(asked, call.model ?? '', call.policy, names))
  return relay.send(call, { method: 'POST', endpoint: '/api/chat', body }, { encoder })
}
