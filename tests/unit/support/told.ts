import { toGatewayError } from '../../../app/errors/gateway-error.ts'
import type { Encoder } from '../../../app/gateways/encoder.ts'
import { streamOf, tapped } from './byte-stream.ts'

/** The records as Ollama writes them. */
export const linesOf = (records: readonly object[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('')

/** What the client of a stream reads when Ollama's answer comes in these chunks. */
export function toldInChunks(
  encoder: Encoder,
  chunks: readonly (string | Uint8Array)[],
): Promise<string> {
  const needs = { onRecords() {}, onEnd: async () => null, encode: encoder.lines }
  return new Response(tapped(streamOf(chunks), needs)).text()
}

/** The same when it comes record by record. */
export const told = (encoder: Encoder, records: readonly object[]): Promise<string> =>
  toldInChunks(
    encoder,
    records.map((record) => linesOf([record])),
  )

/** What the client of an answer in one piece reads. */
export function toldWhole(encoder: Encoder, answer: object): unknown {
  const { document } = encoder
  if (!document) throw new Error('this is told as a stream only')
  return JSON.parse(Buffer.from(document(Buffer.from(JSON.stringify(answer)))).toString())
}

/** One event of a stream. */
export interface Event {
  readonly event?: string
  readonly data: unknown
}

/** The events in a text, in order; comments and the end mark are none. */
export const eventsIn = (text: string): Event[] =>
  text
    .split('\n\n')
    .filter((block) => block !== '' && block !== 'data: [DONE]' && !block.startsWith(':'))
    .map((block) => {
      const lines = block.split('\n')
      const event = lines.find((line) => line.startsWith('event: '))?.slice(7)
      const data = lines.find((line) => line.startsWith('data: '))?.slice(6) ?? 'null'
      return { ...(event && { event }), data: JSON.parse(data) as unknown }
    })

/** What is refused, with its field; null when nothing is. */
export function refusal(act: () => unknown): { message: string; field: string | null } | null {
  try {
    act()
    return null
  } catch (err) {
    const { message, field, code } = toGatewayError(err)
    if (code !== 'bad_request') throw err
    return { message, field }
  }
}
