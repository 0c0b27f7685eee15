import type { Chat, Dialect } from './dialects/dialect.ts'
import { native } from './dialects/native.ts'
import type { Reply } from './response-reader.ts'

/** The body of a request in Ollama's words that is answered in one piece. */
export const wholeChat = (model: string): string => native.whole(model)

/** The body of a streamed request in Ollama's words. */
export const streamedChat = (chat: Chat): string => native.streamed(chat)

const sizes = new Map<string, number>()

/**
 * Throws unless a reply came through whole: its status, each piece of it, what closes it, and the
 * same number of bytes as every other reply with this many records. Zero records: one object.
 */
export function expectWhole(
  target: string,
  reply: Reply,
  records: number,
  dialect: Dialect = native,
): void {
  const problem = findProblem(reply, records, dialect)
  if (!problem) return
  throw new Error(`${target}: ${problem}; status ${reply.status}, body ends in ${reply.tail}`)
}

function findProblem(
  reply: Reply,
  records: number,
  { name, framing, pieces, closing }: Dialect,
): string | undefined {
  const expected = records === 0 ? 0 : pieces(records)
  if (reply.status !== 200) return 'a request was refused'
  if (reply.records !== expected) return `${reply.records} ${framing} instead of ${expected}`
  if (!reply.tail.includes(records === 0 ? closing.whole : closing.streamed)) {
    return 'a response without its end'
  }
  const kind = `${name} ${records}`
  const size = sizes.get(kind) ?? reply.bytes
  sizes.set(kind, size)
  if (reply.bytes !== size) return `${reply.bytes} bytes instead of ${size}`
  return undefined
}
