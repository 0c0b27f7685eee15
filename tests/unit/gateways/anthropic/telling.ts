import { expect } from 'bun:test'
import type { MessageTelling } from '../../../../app/gateways/anthropic/answer.ts'
import {
  messageDocument,
  messageStream,
} from '../../../../app/gateways/anthropic/message-encoder.ts'
import { eventsIn, told, toldWhole } from '../../support/told.ts'

/** What every count has besides the tokens: none of it is used or known here. */
export const UNUSED = {
  cache_creation: null,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  fallback_credit: null,
  inference_geo: null,
  iterations: null,
  output_tokens_details: null,
  server_tool_use: null,
  service_tier: null,
  speed: null,
}

/** How answers are told in these tests. */
export function telling(change: Partial<MessageTelling> = {}): MessageTelling {
  let ids = 0
  return {
    id: 'msg_1',
    model: 'claude',
    callsInParallel: true,
    tellsThinking: true,
    promptTokens: () => 5,
    newId: () => `a-${++ids}`,
    ...change,
  }
}

/** As much of an event as tests look at; its members are checked where that matters. */
export interface Event {
  readonly type: string
  readonly index?: number
  readonly content_block?: Readonly<Record<string, unknown>>
  readonly delta?: Readonly<Record<string, unknown>>
  readonly [member: string]: unknown
}

/** The events in a text, each of which is named as its data says. */
export const messageEvents = (text: string): Event[] =>
  eventsIn(text).map(({ event, data }) => {
    const told = data as Event
    expect(told.type).toBe(String(event))
    return told
  })

/** The events that are made of these records. */
export const streamed = async (
  records: readonly object[],
  change: Partial<MessageTelling> = {},
): Promise<Event[]> => messageEvents(await told(messageStream(telling(change)), records))

/** The message that is made of an answer in one piece. */
export const whole = (answer: object, change: Partial<MessageTelling> = {}): unknown =>
  toldWhole(messageDocument(telling(change)), answer)

/** The events in a few words each, without where the message begins and ends. */
export const inShort = (events: readonly Event[]): string[] =>
  events.slice(1, -2).map(({ type, index, content_block, delta }) => {
    const { type: _, ...said } = delta ?? {}
    const what = content_block?.name ?? content_block?.type ?? Object.values(said)[0] ?? ''
    return `${type.replace('content_block_', '')} ${index} ${what}`.trim()
  })
