import type { FinalRecord } from '../domain/native.ts'
import { type Encoder, refuseError } from './encoder.ts'

/** A comment, which every reader of event streams passes over. Never `: ping`: some stop at that. */
const HEARTBEAT = ': keepalive\n\n'

const utf8 = new TextDecoder()
const encoder = new TextEncoder()

/** An event without a name: `data: …`. */
export const dataEvent = (data: object): string => `data: ${JSON.stringify(data)}\n\n`

/** An event with a name. */
export const namedEvent = (name: string, data: object): string =>
  `event: ${name}\n${dataEvent(data)}`

/** Tells a stream of records as server-sent events; `toEvents` is asked for each record in turn. */
export const eventStream = <R extends FinalRecord>(toEvents: (record: R) => string): Encoder => ({
  mediaType: 'text/event-stream; charset=utf-8',
  lines: (lines) => encoder.encode(inEvents(utf8.decode(lines), toEvents)),
  document: null,
  heartbeat: () => HEARTBEAT,
})

function inEvents<R extends FinalRecord>(lines: string, toEvents: (record: R) => string): string {
  let events = ''
  for (let start = 0; start < lines.length; ) {
    const newline = lines.indexOf('\n', start)
    const end = newline < 0 ? lines.length : newline
    const line = lines.slice(start, end)
    if (!isBlank(line)) events += toEvents(recordIn<R>(line))
    start = end + 1
  }
  return events
}

const isBlank = (line: string): boolean => line === '' || line.trim() === ''

function recordIn<R extends FinalRecord>(line: string): R {
  const record = JSON.parse(line) as R | null
  if (record === null || typeof record !== 'object') throw new Error('a record is no object')
  refuseError(record)
  return record
}
