import { describe, expect, test } from 'bun:test'
import { CONTEXT_BOUNDS, HOUR_MS } from '../../../app/domain/rollup.ts'
import { type AdviceNeeds, adviceOn, type ModelHour } from '../../../app/domain/usage-advice.ts'

const NOW = 1_800_000_000_000
const DAY_HOURS = 24

const at = (hoursAgo: number, changes: Partial<ModelHour> = {}): ModelHour => ({
  hour: NOW - hoursAgo * HOUR_MS,
  model: 'llama3:latest',
  requests: 10,
  coldLoads: 0,
  coldLoadMs: 0,
  computeMs: 0,
  queueMs: 0,
  contexts: [],
  ...changes,
})
/** One row for each hour of so many days. */
const every = (days: number, changes: Partial<ModelHour> = {}) =>
  Array.from({ length: days * DAY_HOURS }, (_, i) => at(i + 1, changes))
const advice = (rows: readonly ModelHour[], changes: Partial<AdviceNeeds> = {}) =>
  adviceOn({ rows, now: NOW, hosts: 1, maxContextTokens: 0, installed: null, ...changes })
const only = (kind: string, ...asked: Parameters<typeof advice>) =>
  advice(...asked).recommendations.filter((found) => found.kind === kind)
const contexts = (counts: Readonly<Record<number, number>>) =>
  [...CONTEXT_BOUNDS, 0].map((bound) => counts[bound] ?? 0)

describe('advice', () => {
  test.each([
    ['nothing', [], 'There are sums of 0 days with 0 requests'],
    ['two days', every(2), 'There are sums of 2 days with 480 requests'],
    ['few requests', [at(100, { requests: 99 })], 'There are sums of 4.2 days with 99 requests'],
  ])('is not given on %s', (_, rows, words) => {
    const { tooLittle, recommendations } = advice(rows)
    expect(tooLittle).toStartWith(words)
    expect(recommendations).toEqual([])
  })

  test('is to keep what costs most minutes of loading, the worst first', () => {
    const rows = [
      ...every(10, { coldLoads: 1, coldLoadMs: 15_000 }),
      ...every(10, { model: 'big:70b', coldLoads: 1, coldLoadMs: 60_000 }),
      ...every(10, { model: 'quick:1b', coldLoads: 1, coldLoadMs: 1000 }),
      at(5, { model: 'once:1b', coldLoads: 4, coldLoadMs: 1_000_000 }),
    ]
    expect(only('pin', rows).map(({ model, numbers }) => [model, numbers])).toEqual([
      ['big:70b', { loadsPerDay: 24, loadMinutesPerDay: 24, hoursUsedPerDay: 24 }],
      ['llama3:latest', { loadsPerDay: 24, loadMinutesPerDay: 6, hoursUsedPerDay: 24 }],
    ])
  })

  test.each([
    ['is for one slot where hosts are idle', 0.5, 0, 1, 'one slot on each host is enough'],
    ['is for more slots where they are busy', 1.5, 0, 1, 'OLLAMA_NUM_PARALLEL=3 on each host'],
    ['counts all hosts', 1.5, 0, 3, 'one slot on each host is enough'],
    ['knows people who wait for idle hosts', 0.1, 9000, 1, 'hosts are not busy, yet people wait'],
  ])('%s', (_, share, queueMs, hosts, words) => {
    const rows = every(5, { computeMs: share * HOUR_MS, queueMs: queueMs * 10 })
    const [found, ...others] = only('slots', rows, { hosts })
    expect(found?.advice).toStartWith(words)
    expect(others).toEqual([])
    expect(found?.numbers).toMatchObject({ hosts, p95QueueSeconds: queueMs / 1000 })
  })

  test('goes by the 95th of 100 hours, idle ones too, and not by the worst', () => {
    const rows = [...every(5), at(3, { model: 'big:70b', computeMs: 4 * HOUR_MS })]
    expect(only('slots', rows)[0]?.numbers).toMatchObject({ p95Busy: 0, mostBusy: 4, slots: 1 })
    const busy = Array.from({ length: 8 }, (_, i) =>
      at(i * 14 + 1, { computeMs: HOUR_MS, requests: 20 }),
    )
    expect(only('slots', busy)[0]?.numbers).toMatchObject({ p95Busy: 1, slots: 2 })
  })

  test.each([
    [{ 256: 1000 }, 2048],
    [{ 1024: 900, 8192: 95, 32768: 5 }, 8192],
    [{ 1024: 900, 8192: 80, 32768: 20 }, 32_768],
    [{ 262144: 10, 0: 990 }, 262_144],
  ])('on contexts is the least power of two that is enough for 99 of 100: %p', (counts, numCtx) => {
    const rows = [...every(5), at(1, { contexts: contexts(counts) })]
    expect(only('context', rows)[0]).toMatchObject({ advice: `num_ctx ${numCtx}` })
  })

  test('says how much context can be had, and nothing about models with few conversations', () => {
    const rows = [...every(5), at(1, { contexts: contexts({ 4096: 100 }) })]
    expect(only('context', rows, { maxContextTokens: 32_768 })[0]?.why).toEndWith('; up to 32768')
    expect(only('context', [...every(5), at(1, { contexts: contexts({ 256: 49 }) })])).toEqual([])
  })

  test('names models that are hardly used, of those that are there, never used ones too', () => {
    const rows = [...every(30), at(9, { model: 'rare:1b', requests: 4 }), at(9, { model: '' })]
    expect(only('remove', rows).map(({ model }) => model)).toEqual(['rare:1b'])
    const installed = ['llama3:latest', 'never:7b']
    expect(
      only('remove', rows, { installed }).map(({ model, numbers }) => [model, numbers]),
    ).toEqual([['never:7b', { requests: 0 }]])
  })
})
