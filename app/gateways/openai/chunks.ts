import type { FinalRecord } from '../../domain/native.ts'
import { dataEvent } from '../event-stream.ts'
import { headOf, type Identity, type PromptTokens, usageOf } from './answer.ts'

/** How a stream of chunks is told. */
export interface ChunkTelling extends PromptTokens {
  readonly identity: Identity
  /** Whether a chunk with what was used comes last; the others say then that they have none. */
  readonly includeUsage: boolean
}

/** What the chunks of one stream have in common. */
export interface Chunks {
  /** One of them, around the JSON of its choice. */
  readonly around: (choice: string) => string
  /** What comes after the last choice. */
  readonly ending: (record: FinalRecord) => string
}

/** Chunks of that kind. */
export function chunksOf(object: string, telling: ChunkTelling): Chunks {
  const { identity, includeUsage } = telling
  const head = headOf(identity, object)
  const common = includeUsage ? { ...head, usage: null } : head
  const start = `data: ${JSON.stringify(common).slice(0, -1)},"choices":[`
  return {
    around: (choice) => `${start}${choice}]}\n\n`,
    ending: (record) => {
      const usage = { ...head, choices: [], usage: usageOf(record, telling) }
      return `${includeUsage ? dataEvent(usage) : ''}data: [DONE]\n\n`
    },
  }
}
