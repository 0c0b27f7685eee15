import { anthropicDialect } from '../../errors/anthropic.ts'
import { ollamaDialect } from '../../errors/ollama.ts'
import { openAiDialect } from '../../errors/openai.ts'
import { anthropicOperations } from '../anthropic/index.ts'
import { type Gateway, speaking } from '../gateway.ts'
import { openAiOperations } from '../openai/index.ts'
import { headBlob, postBlob } from './blobs.ts'
import { chat } from './chat.ts'
import { copy } from './copy.ts'
import { create } from './create.ts'
import { deleteModel } from './delete.ts'
import { embed } from './embed.ts'
import { embeddings } from './embeddings.ts'
import { generate } from './generate.ts'
import { ollamaHints } from './hints.ts'
import { models } from './models.ts'
import { ps } from './ps.ts'
import { pull } from './pull.ts'
import { push } from './push.ts'
import { show } from './show.ts'
import { tags } from './tags.ts'
import { version } from './version.ts'

/** Ollama's own API. What is not listed here does not exist for anybody. */
export const ollama: Gateway = {
  name: 'ollama',
  basePath: '/ollama',
  dialect: ollamaDialect,
  features: [
    'chat',
    'completion',
    'embeddings',
    'tools',
    'vision',
    'thinking',
    'structured output',
    'model management',
  ],
  hints: ollamaHints,
  operations: [
    chat,
    generate,
    embed,
    embeddings,
    tags,
    ps,
    show,
    version,
    pull,
    push,
    create,
    copy,
    deleteModel,
    headBlob,
    postBlob,
    ...speaking(openAiDialect, [models, ...openAiOperations]),
    ...speaking(anthropicDialect, anthropicOperations),
  ],
}
