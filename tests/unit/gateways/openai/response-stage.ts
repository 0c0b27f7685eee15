import { expect } from 'bun:test'
import { responseStream } from '../../../../app/gateways/openai/responses/encoder.ts'
import { responseRequest, toResponse } from '../../../../app/gateways/openai/responses/request.ts'
import type { Telling } from '../../../../app/gateways/openai/responses/teller.ts'
import { bodyOf } from '../../../../app/middleware/body.ts'
import { createClock } from '../../support/clock.ts'
import { eventsIn, refusal, told } from '../../support/told.ts'

export const MODEL = 'llama3:latest'

const reader = bodyOf(responseRequest, toResponse)

/** What is made of the shortest request with these fields of its own. */
export const read = (change: object = {}) => reader.read({ model: 'm', input: 'hi', ...change })

/** What Ollama is sent for it. */
export const chat = (change: object = {}) => read(change).chat

/** The messages that Ollama is sent for these items. */
export const messagesFor = (...input: readonly object[]): object[] => chat({ input }).messages ?? []

export const refused = (change: object) => refusal(() => read(change))

/** How the answer to such a request is told; its ids are counted from 1. */
export function telling(change: object = {}): Telling {
  const { chat: _chat, effort: _effort, ...told } = read(change)
  let ids = 0
  return {
    ...told,
    identity: { id: 'resp_1', created: 1_800_000_000, model: 'gpt-4' },
    newId: () => String(++ids),
    promptTokens: () => 9,
    clock: createClock(1_800_000_005_000),
  }
}

/** An event without its number. */
export interface Told {
  readonly type: string
  readonly [field: string]: unknown
}

/** The events in a text: each has a name, which it repeats, and they are numbered from 0. */
export const numbered = (text: string): Told[] =>
  eventsIn(text).map(({ event, data }, i) => {
    const { sequence_number, ...told } = data as Told
    expect([told.type, sequence_number as number]).toEqual([event ?? '', i])
    return told
  })

/** What the client of a stream is told of these records. */
export const eventsFor = async (records: readonly object[], change: object = {}): Promise<Told[]> =>
  numbered(await told(responseStream(telling(change)), records))

/** The events between the first two and the last one, which tell of the whole answer. */
export async function steps(records: readonly object[], change: object = {}): Promise<Told[]> {
  const events = await eventsFor(records, change)
  expect(events.slice(0, 2).map(({ type }) => type)).toEqual([
    'response.created',
    'response.in_progress',
  ])
  expect(events.at(-1)?.type).toMatch(/^response\.(completed|incomplete)$/)
  return events.slice(2, -1)
}
