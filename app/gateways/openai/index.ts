import { openAiDialect } from '../../errors/openai.ts'
import type { Gateway, Operation } from '../gateway.ts'
import { modelLookUp } from '../model-look-up.ts'
import { chatCompletion } from './chat-completion.ts'
import { completion } from './completion.ts'
import { embedding } from './embedding.ts'
import { openAiHints } from './hints.ts'
import { listModels, toOpenAiModel } from './models.ts'
import { notOffered } from './not-offered.ts'
import { response } from './responses/response.ts'

/** What clients of OpenAI find at any address that they are pointed at; lists of models are apart. */
export const openAiOperations: readonly Operation[] = [
  chatCompletion,
  completion,
  response,
  embedding,
  modelLookUp(toOpenAiModel),
  ...notOffered,
]

/** OpenAI's API, as far as there is something in Ollama for it. */
export const openai: Gateway = {
  name: 'openai',
  basePath: '/openai',
  dialect: openAiDialect,
  features: [
    'chat',
    'completion',
    'embeddings',
    'tools',
    'vision',
    'thinking',
    'structured output',
  ],
  hints: openAiHints,
  operations: [listModels, ...openAiOperations],
}
