import type { Reply } from './response-reader.ts'

/** A small chat request. `records` bounds a stream, `together` has all streams decode in step. */
export type Chat = { model: string; records?: number; together?: boolean }

const MESSAGES = [{ role: 'user', content: 'Why is the sky blue?' }]

/** The body of a request that is answered in one piece. */
export function wholeChat(model: string): string {
  return JSON.stringify({ model, messages: MESSAGES, stream: false })
}

/** The body of a streamed request. */
export function streamedChat({ model, records, together }: Chat): string {
  const options = { num_predict: records, ...(together ? { seed: 1 } : {}) }
  return JSON.stringify({ model, messages: MESSAGES, stream: true, options })
}

const sizes = new Map<number, number>()

/**
 * Throws unless a reply came through whole: its status, each record, the closing record, and the
 * same number of bytes as every other reply with this many records. Zero records: one object.
 */
export function expectWhole(target: string, reply: Reply, records: number): void {
  const problem = findProblem(reply, records)
  if (!problem) return
  throw new Error(`${target}: ${problem}; status ${reply.status}, body ends in ${reply.tail}`)
}

function findProblem(reply: Reply, records: number): string | undefined {
  if (reply.status !== 200) return 'a request was refused'
  if (reply.records !== records) return `${reply.records} records instead of ${records}`
  if (!reply.tail.includes('"done":true')) return 'a response without its closing record'
  const size = sizes.get(records) ?? reply.bytes
  sizes.set(records, size)
  if (reply.bytes !== size) return `${reply.bytes} bytes instead of ${size}`
  return undefined
}
