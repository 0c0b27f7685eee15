import { anthropicDialect } from '../../errors/anthropic.ts'
import type { Gateway, Operation } from '../gateway.ts'
import { modelLookUp } from '../model-look-up.ts'
import { batches } from './batches.ts'
import { countTokens } from './count-tokens.ts'
import { anthropicHints } from './hints.ts'
import { message } from './message.ts'
import { listModels, toAnthropicModel } from './models.ts'

/** What clients of Anthropic find at any address that they are pointed at; models are apart. */
export const anthropicOperations: readonly Operation[] = [message, countTokens, ...batches]

/** Anthropic's API, as far as there is something in Ollama for it. */
export const anthropic: Gateway = {
  name: 'anthropic',
  basePath: '/anthropic',
  dialect: anthropicDialect,
  features: ['chat', 'tools', 'vision', 'thinking', 'structured output'],
  hints: anthropicHints,
  operations: [...anthropicOperations, listModels, modelLookUp(toAnthropicModel)],
}
