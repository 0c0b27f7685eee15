import type { ChatRequest } from '../../domain/native.ts'
import { bodyOf } from '../../middleware/body.ts'
import { promptTokensOf } from '../chat-operation.ts'
import { operation } from '../gateway.ts'
import { countTokensRequest, toPrompt } from './message-request.ts'

/**
 * How many tokens a prompt has: an estimate from its length, as Ollama counts none without working on
 * it, and no model is asked. The answer says that it is one.
 */
export const countTokens = operation({
  name: 'count-tokens',
  method: 'POST',
  paths: ['/v1/messages/count_tokens'],
  permissions: [],
  body: bodyOf(countTokensRequest, toPrompt),
  model: (prompt) => prompt.model,
  work: null,
  handle: async ({ body }) => Response.json(estimateOf(body)),
})

/** The same as Anthropic tells it. */
export const estimateOf = (prompt: ChatRequest) => ({
  input_tokens: promptTokensOf(prompt),
  context_management: null,
  estimated: true,
})
