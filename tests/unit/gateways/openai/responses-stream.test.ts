import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { GatewayError } from '../../../../app/errors/gateway-error.ts'
import {
  responseDocument,
  responseStream,
} from '../../../../app/gateways/openai/responses/encoder.ts'
import { chatChunk, chatDone, toolCall } from '../../../support/fake-ollama/records.ts'
import { linesOf, told, toldInChunks, toldWhole } from '../../support/told.ts'
import { eventsFor, MODEL, numbered, type Told, telling } from './response-stage.ts'

const piece = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => chatChunk(MODEL, text)),
  fc.constant(chatChunk(MODEL, { thinking: 'hm 😀' })),
  fc.constant(chatChunk(MODEL, { thinking: 'hm', content: 'so' })),
  fc.constant(chatChunk(MODEL, { content: 'a', tool_calls: [toolCall(0, 'f', { ö: 'Ł' })] })),
  fc.constant(chatChunk(MODEL, { tool_calls: [toolCall(1, 'g', {}), toolCall(2, 'g', {})] })),
)
const answer = fc.tuple(
  fc.array(piece, { maxLength: 6 }),
  fc.constantFrom('stop', 'length').map((doneReason) => chatDone(MODEL, { doneReason, tokens: 3 })),
)

/** The items that the events tell bit by bit, put together as clients do. */
function itemsIn(events: readonly Told[]): unknown[] {
  const items: { [field: string]: unknown }[] = []
  const texts: string[] = []
  for (const { type, output_index, item, delta } of events) {
    if (output_index === undefined) continue
    const at = Number(output_index)
    if (type === 'response.output_item.added') {
      expect(at).toBe(items.length)
      // The one before has been closed.
      if (at > 0) expect(items[at - 1]).not.toMatchObject({ status: 'in_progress' })
      items.push(item as object as { [field: string]: unknown })
      texts.push('')
    }
    expect(at).toBe(items.length - 1)
    if (type.endsWith('.delta')) texts[at] += String(delta)
    if (type === 'response.output_item.done') {
      items[at] = item as { [field: string]: unknown }
      expect(JSON.stringify(item)).toContain(JSON.stringify(texts[at]))
    }
  }
  return items
}

describe('any stream', () => {
  test('is the same wherever its bytes were cut', async () => {
    const cuts = fc.array(fc.nat({ max: 2000 }), { maxLength: 8 })
    const property = fc.asyncProperty(answer, cuts, async ([pieces, last], places) => {
      const records = [...pieces, last]
      const bytes = new TextEncoder().encode(linesOf(records))
      const at = places.filter((place) => place < bytes.length).sort((a, b) => a - b)
      const chunks = [...at, bytes.length].map((to, i) => bytes.slice(at[i - 1] ?? 0, to))
      const whole = await told(responseStream(telling()), records)
      expect(await toldInChunks(responseStream(telling()), chunks)).toBe(whole)
    })
    await fc.assert(property, { numRuns: 200 })
  })

  test('tells of items that are opened and closed in order, and ends with all of them', async () => {
    const property = fc.asyncProperty(answer, async ([pieces, last]) => {
      const events = await eventsFor([...pieces, last])
      const { response } = events.at(-1) as Told & { response: { output: unknown[] } }
      expect(itemsIn(events)).toEqual(response.output)
    })
    await fc.assert(property, { numRuns: 200 })
  })

  test('of one record ends with the answer that there is in one piece', async () => {
    const said = { thinking: 'hm', content: 'so', tool_calls: [toolCall(0, 'f', {})] }
    const record = chatDone(MODEL, { tokens: 3 }, said)
    const events = await eventsFor([record])
    expect(events.at(-1)?.response).toEqual(toldWhole(responseDocument(telling()), record))
  })
})

describe('a stream in which something fails', () => {
  const failure = new GatewayError('upstream_error', 'the model runner stopped')
  const failed = async (records: readonly object[]): Promise<Told[]> => {
    const encoder = responseStream(telling())
    const before = await told(encoder, records)
    return numbered(before + encoder.ending?.(failure, 'r-1'))
  }

  test('ends with the failure, as it is documented and as older clients look for it', async () => {
    const error = {
      code: 'upstream_error',
      message: 'the model runner stopped',
      param: null,
    }
    const events = await failed([chatChunk(MODEL, 'on')])
    expect(events.at(-1)).toEqual({
      type: 'error',
      ...error,
      error: { type: 'api_error', ...error },
    })
  })

  test('tells that the answer has failed, with what there is of it', async () => {
    const records = [chatChunk(MODEL, { thinking: 'hm' }), chatChunk(MODEL, 'on')]
    const events = await failed(records)
    expect(events.at(-2)).toMatchObject({
      type: 'response.failed',
      response: {
        status: 'failed',
        error: { code: 'server_error', message: 'the model runner stopped' },
        output: [
          { type: 'reasoning', status: 'completed' },
          { type: 'message', status: 'incomplete', content: [{ text: 'on' }] },
        ],
        usage: null,
      },
    })
    expect(events.map(({ type }) => type)).not.toContain('response.completed')
  })

  test('before anything was said is begun first', async () => {
    expect((await failed([])).map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.failed',
      'error',
    ])
  })
})
