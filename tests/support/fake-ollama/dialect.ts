import { chatChunk, chatDone, generateChunk, generateDone, type Metrics } from './records.ts'

/** How chat and generate differ in writing the same generation. */
export interface Dialect {
  /** A streamed record. */
  readonly chunk: (model: string, content: string, thinking?: string) => object
  /** The final record; with `stream:false` it carries everything. */
  readonly done: (model: string, metrics: Metrics, content?: string, thinking?: string) => object
  /** The one record of a request that only loads or unloads. */
  readonly empty: (model: string, doneReason: string) => object
}

/** The writing of /api/chat. */
export const chatDialect: Dialect = {
  chunk: (model, content, thinking) => chatChunk(model, { content, ...optional(thinking) }),
  done: (model, metrics, content = '', thinking) =>
    chatDone(model, metrics, { content, ...optional(thinking) }),
  empty: (model, doneReason) => withoutDurations(chatDone(model, { doneReason })),
}

/** The writing of /api/generate; the context is left out of raw requests. */
export function generateDialect(raw: boolean): Dialect {
  const context = raw ? {} : { context: [1, 2, 3] }
  return {
    chunk: (model, content, thinking) => generateChunk(model, content, optional(thinking)),
    done: (model, metrics, content = '', thinking) =>
      generateDone(model, metrics, content, { ...optional(thinking), ...context }),
    empty: (model, doneReason) => withoutDurations(generateDone(model, { doneReason }, '', {})),
  }
}

function optional(thinking: string | undefined) {
  return thinking ? { thinking } : {}
}

function withoutDurations(record: object): object {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !key.endsWith('_duration')))
}
