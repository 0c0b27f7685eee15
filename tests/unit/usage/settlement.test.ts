import { describe, expect, test } from 'bun:test'
import type { ReportedCounts } from '../../../app/usage/counts.ts'
import type { Ending } from '../../../app/usage/ending.ts'
import { createMeter, type Used } from '../../../app/usage/meter.ts'
import { createClock } from '../support/clock.ts'
import { memoryLog } from '../support/memory-log.ts'
import { principal } from '../support/principal.ts'

const COUNTS: ReportedCounts = { promptTokens: 11, completionTokens: 18, loadMs: 5, computeMs: 250 }
const DONE: Ending = { status: 200, outcome: 'completed', counts: COUNTS }
const LEFT: Ending = { status: 200, outcome: 'cancelled', errorCode: 'client_closed' }
const FAILED: Ending = { status: 502, outcome: 'failed', errorCode: 'upstream_error' }

/** A request that a host gets at once and that ends 300 ms later, after so many records. */
async function settled(
  ending: Ending,
  {
    seen = 0,
    promptBytes = () => 300,
  }: { seen?: number; promptBytes?: (() => number) | null } = {},
) {
  const events: (string | Used)[] = []
  const clock = createClock()
  const openTicket = createMeter({
    recorder: { record: async () => void events.push('recorded') },
    openRequests: { open: () => () => {} },
    clock,
    log: memoryLog(),
    newId: () => 'row-1',
  })
  const ticket = openTicket({
    requestId: 'request-1',
    principal: principal(),
    gateway: 'ollama',
    operation: 'chat',
    model: 'llama3:latest',
    startedAt: clock.now(),
    promptBytes,
    onSettled: (used) => events.push(used),
  })
  ticket.dispatched('gpu-1:11434')
  if (seen > 0) ticket.records(seen)
  clock.advance(300)
  await ticket.settle(ending)
  await ticket.settle(ending)
  return events
}

describe('limits are told once, when the row is recorded,', () => {
  test('what Ollama counted', async () => {
    const used = { requests: 1, tokens: 29, computeMs: 250 } as const
    expect(await settled(DONE, { seen: 18 })).toEqual(['recorded', used])
  })

  test('what was seen of an answer that was cut, and how long it kept a host busy', async () => {
    const used = { requests: 1, tokens: 103, computeMs: 300 } as const
    expect(await settled(LEFT, { seen: 3 })).toEqual(['recorded', used])
    const failed = { ...FAILED, status: 200 }
    expect(await settled(failed, { seen: 3 })).toEqual(['recorded', used])
  })

  test('that a caller who left before the first token had a host read the prompt', async () => {
    const used = { requests: 1, tokens: 100, computeMs: 300 } as const
    expect(await settled(LEFT)).toEqual(['recorded', used])
  })

  test('that an answer which took too long was none the less worked on', async () => {
    const used = { requests: 1, tokens: 100, computeMs: 300 } as const
    const late: Ending = { status: 504, outcome: 'failed', errorCode: 'upstream_timeout' }
    expect(await settled(late)).toEqual(['recorded', used])
  })

  test('that a request which failed before its first token has used nothing', async () => {
    const nothing = { requests: 0, tokens: 0, computeMs: 0 } as const
    expect(await settled(FAILED)).toEqual(['recorded', nothing])
  })

  test('that an operation without a model has used nothing', async () => {
    const nothing = { requests: 0, tokens: 0, computeMs: 0 } as const
    expect(await settled(DONE, { promptBytes: null })).toEqual(['recorded', nothing])
  })
})
