import { describe, expect, test } from 'bun:test'
import type { UsageRecord } from '../../../app/domain/usage.ts'
import type { ReportedCounts } from '../../../app/usage/counts.ts'
import { type Admission, createMeter } from '../../../app/usage/meter.ts'
import { createClock } from '../support/clock.ts'
import { memoryLog } from '../support/memory-log.ts'
import { principal } from '../support/principal.ts'

const START = 1_000_000

const ADMISSION: Admission = {
  requestId: 'request-1',
  principal: principal(),
  gateway: 'ollama',
  operation: 'chat',
  model: 'llama3:latest',
  startedAt: START,
  promptBytes: () => 300,
}

function setUp(change: Partial<Admission> = {}) {
  const rows: UsageRecord[] = []
  const clock = createClock(START)
  const log = memoryLog()
  let ids = 0
  const openTicket = createMeter({
    recorder: { record: async (row: UsageRecord) => void rows.push(row) },
    openRequests: { open: () => () => {} },
    clock,
    log,
    newId: () => `row-${++ids}`,
  })
  return { ticket: openTicket({ ...ADMISSION, ...change }), rows, clock, log }
}

const COUNTS: ReportedCounts = { promptTokens: 11, completionTokens: 18, loadMs: 5, computeMs: 250 }
const WELL = { status: 200, outcome: 'completed', counts: COUNTS } as const

/** The tokens of the row that a request leaves. */
async function tokensOf(
  change: Partial<Admission>,
  seen: number,
  counts: ReportedCounts | undefined,
) {
  const { ticket, rows } = setUp(change)
  if (seen > 0) ticket.records(seen)
  await ticket.settle({ status: 200, outcome: 'completed', ...(counts && { counts }) })
  const { promptTokens, completionTokens, estimated } = rows[0] ?? {}
  return { promptTokens, completionTokens, estimated }
}

test('a request leaves one row with what it used and how long it took', async () => {
  const { ticket, rows, clock } = setUp()
  clock.advance(10)
  ticket.dispatched('gpu-1:11434')
  clock.advance(20)
  ticket.records(1)
  clock.advance(300)
  ticket.records(17)
  clock.advance(70)
  await ticket.settle(WELL)
  expect(rows).toEqual([
    {
      id: 'row-1',
      requestId: 'request-1',
      userId: 'user-1',
      keyId: 'key-1',
      gateway: 'ollama',
      operation: 'chat',
      model: 'llama3:latest',
      backend: 'gpu-1:11434',
      promptTokens: 11,
      completionTokens: 18,
      estimated: false,
      queueMs: 10,
      loadMs: 5,
      computeMs: 250,
      firstTokenMs: 30,
      totalMs: 400,
      status: 200,
      outcome: 'completed',
      errorCode: null,
      startedAt: START,
      endedAt: START + 400,
    },
  ])
})

test('only the first ending counts, whoever else tells of one', async () => {
  const { ticket, rows, log } = setUp()
  const late = { status: 200, outcome: 'cancelled', errorCode: 'client_closed' } as const
  await Promise.all([ticket.settle(WELL), ticket.settle(late), ticket.settle(late)])
  await ticket.settle(WELL)
  expect(rows.map(({ outcome }) => outcome)).toEqual(['completed'])
  expect(log.entries.map(({ message }) => message)).toEqual(['request accounted'])
})

test('a host that was tried after another is the one in the row; the queue ended at the first', async () => {
  const { ticket, rows, clock } = setUp()
  clock.advance(10)
  ticket.dispatched('gpu-1:11434')
  clock.advance(10)
  ticket.dispatched('gpu-2:11434')
  await ticket.settle(WELL)
  expect(rows[0]).toMatchObject({ backend: 'gpu-2:11434', queueMs: 10, totalMs: 20 })
})

test('a request that reached no host leaves a row all the same, and costs nothing', async () => {
  const { ticket, rows, clock } = setUp()
  clock.advance(50)
  await ticket.settle({ status: 502, outcome: 'failed', errorCode: 'upstream_unreachable' })
  expect(rows[0]).toMatchObject({
    ...{ backend: null, queueMs: 50, firstTokenMs: null, totalMs: 50, status: 502 },
    ...{ outcome: 'failed', errorCode: 'upstream_unreachable' },
    ...{ promptTokens: 0, completionTokens: 0, estimated: false },
  })
})

test('an account is settled by its handler unless it was put off', () => {
  const { ticket } = setUp()
  expect(ticket.isDeferred).toBe(false)
  ticket.defer()
  expect(ticket.isDeferred).toBe(true)
})

describe('tokens', () => {
  test('are those that Ollama counted', async () => {
    expect(await tokensOf({}, 18, COUNTS)).toEqual({
      promptTokens: 11,
      completionTokens: 18,
      estimated: false,
    })
  })

  test('of a stream that was cut are those passed on and an estimate of the prompt', async () => {
    expect(await tokensOf({}, 7, undefined)).toEqual({
      promptTokens: 100,
      completionTokens: 7,
      estimated: true,
    })
  })

  test('are none when it was cut before the first', async () => {
    expect(await tokensOf({}, 0, undefined)).toEqual({
      promptTokens: 0,
      completionTokens: 0,
      estimated: false,
    })
  })

  test('of a prompt that Ollama did not count are estimated, and said to be', async () => {
    const counts = { promptTokens: null, completionTokens: 18, loadMs: 0, computeMs: null }
    expect(await tokensOf({}, 18, counts)).toEqual({
      promptTokens: 100,
      completionTokens: 18,
      estimated: true,
    })
  })

  test('of an embedding are its prompt alone', async () => {
    const counts = { promptTokens: 11, completionTokens: null, loadMs: 0, computeMs: null }
    expect(await tokensOf({ operation: 'embed' }, 0, counts)).toEqual({
      promptTokens: 11,
      completionTokens: 0,
      estimated: false,
    })
  })

  test('of a long answer with a count that makes no sense are those passed on, not none', async () => {
    const counts = { promptTokens: 11, completionTokens: null, loadMs: 0, computeMs: null }
    expect(await tokensOf({}, 20, counts)).toMatchObject({ completionTokens: 20, estimated: true })
  })

  test('are never charged for operations that make none', async () => {
    const change = { operation: 'pull', promptBytes: null }
    expect(await tokensOf(change, 40, COUNTS)).toEqual({
      promptTokens: 0,
      completionTokens: 0,
      estimated: false,
    })
  })
})

test('the line that is logged names the request and its cost, and nothing of its content', async () => {
  const { ticket, log } = setUp()
  await ticket.settle({ ...WELL, outcome: 'cancelled', errorCode: 'client_closed' })
  expect(log.entries[0]?.fields).toMatchObject({
    ...{ request_id: 'request-1', user: 'alice', operation: 'chat', model: 'llama3:latest' },
    ...{ prompt_tokens: 11, completion_tokens: 18, outcome: 'cancelled', reason: 'client_closed' },
  })
})
