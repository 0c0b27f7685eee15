import { expect, test } from 'bun:test'
import { Registry } from 'prom-client'
import { bucketName, type Limit, type Rule } from '../../../app/domain/limit.ts'
import type { Demand } from '../../../app/limits/limiter.ts'
import { createMemoryLimiter } from '../../../app/limits/memory-limiter.ts'
import { createLimitMetrics } from '../../../app/metrics/limits.ts'
import { createClock } from '../support/clock.ts'
import { countedOf, samplesOf } from './exposition.ts'

const DECISIONS = 'parallama_limit_decisions_total'
const ONE: Demand = { need: 1, want: 1 }
const DEMANDS = { requests: ONE, tokens: ONE, 'compute-seconds': ONE, 'concurrent-requests': ONE }

function limit(change: Partial<Rule & Pick<Limit, 'scope'>> = {}): Limit {
  const rule: Rule = {
    gateway: 'ollama',
    model: 'llama3:latest',
    unit: 'requests',
    window: 'hour',
    amount: 1,
    shadow: false,
    ...change,
  }
  return {
    ...rule,
    scope: change.scope ?? 'user',
    since: 0,
    role: 'premium',
    holder: 'user:anna',
    bucket: bucketName(rule, null),
  }
}

/** The family in a registry of its own, and so many requests with these limits, decided for real. */
async function counted(limits: readonly Limit[], requests: number) {
  const registry = new Registry()
  const metrics = createLimitMetrics(registry)
  const limiter = createMemoryLimiter({ clock: createClock() })
  for (let i = 0; i < requests; i++) {
    metrics.decided(await limiter.admit({ id: `${i}`, limits, demands: DEMANDS }), 0.0007)
  }
  return { metrics, text: () => registry.metrics() }
}

test('a request is admitted once, however many limits let it in', async () => {
  const { text } = await counted([limit({ amount: 9 }), limit({ window: 'day', amount: 9 })], 3)
  expect(countedOf(await text(), DECISIONS)).toEqual({ [`${DECISIONS}{decision="admitted"}`]: 3 })
})

test('each limit that refuses is counted by unit, window and scope', async () => {
  const limits = [
    limit({ scope: 'shared' }),
    limit({ unit: 'concurrent-requests', window: 'now', scope: 'key' }),
    limit({ unit: 'tokens', window: 'day', amount: 9 }),
  ]
  const { text } = await counted(limits, 3)
  expect(countedOf(await text(), DECISIONS)).toEqual({
    [`${DECISIONS}{decision="admitted"}`]: 1,
    [`${DECISIONS}{decision="refused",unit="requests",window="hour",scope="shared"}`]: 2,
    [`${DECISIONS}{decision="refused",unit="concurrent-requests",window="now",scope="key"}`]: 2,
  })
})

test('a shadow that would have refused is counted, and what it let in as well', async () => {
  const { text } = await counted([limit({ shadow: true, scope: 'role' })], 3)
  expect(countedOf(await text(), DECISIONS)).toEqual({
    [`${DECISIONS}{decision="admitted"}`]: 3,
    [`${DECISIONS}{decision="would_refuse",unit="requests",window="hour",scope="role"}`]: 2,
  })
})

test('a shadow is not counted for a request that another limit refused', async () => {
  const { text } = await counted([limit(), limit({ shadow: true })], 2)
  expect(countedOf(await text(), DECISIONS)).toEqual({
    [`${DECISIONS}{decision="admitted"}`]: 1,
    [`${DECISIONS}{decision="refused",unit="requests",window="hour",scope="user"}`]: 1,
  })
})

test('no user, role or model is named', async () => {
  const { text } = await counted([limit(), limit({ shadow: true, window: 'day' })], 3)
  expect(await text()).not.toMatch(/anna|premium|llama3/)
})

test('how long the store took is counted in seconds, for refusals too', async () => {
  const { text, metrics } = await counted([limit()], 2)
  metrics.decided({ reservation: {}, states: [] }, 0.25)
  const name = 'parallama_limiter_store_seconds'
  expect(samplesOf(await text())).toMatchObject({
    [`${name}_bucket{le="0.0005"}`]: 0,
    [`${name}_bucket{le="0.001"}`]: 2,
    [`${name}_bucket{le="0.1"}`]: 2,
    [`${name}_bucket{le="+Inf"}`]: 3,
    [`${name}_count`]: 3,
    [`${name}_sum`]: expect.closeTo(0.2514, 6),
  })
})

test('a watched limiter tells its mode and what it owes whenever that is asked for', async () => {
  const { text, metrics } = await counted([], 0)
  const shown = async () => {
    const samples = samplesOf(await text())
    return [
      samples['parallama_limiter_mode{mode="exact"}'],
      samples['parallama_limiter_mode{mode="local"}'],
      samples.parallama_limiter_owed_settlements,
    ]
  }
  expect(await shown()).toEqual([1, 0, 0])
  const limiter: { mode: 'exact' | 'local'; owed: number } = { mode: 'local', owed: 7 }
  metrics.watch({ mode: () => limiter.mode, owedSettlements: () => limiter.owed })
  expect(await shown()).toEqual([0, 1, 7])
  limiter.mode = 'exact'
  limiter.owed = 0
  expect(await shown()).toEqual([1, 0, 0])
})

test('what is counted is there from the start, so that its first increase is seen', async () => {
  const { text, metrics } = await counted([], 0)
  const shown = async () => {
    const samples = samplesOf(await text())
    return [
      samples.parallama_shield_blocked_total,
      samples[`${DECISIONS}{decision="admitted"}`],
      samples.parallama_limiter_store_seconds_count,
    ]
  }
  expect(await shown()).toEqual([0, 0, 0])
  metrics.shieldBlocked()
  metrics.shieldBlocked()
  expect(await shown()).toEqual([2, 0, 0])
})
