import { describe, expect, test } from 'bun:test'
import type { Limit } from '../../../app/domain/limit.ts'
import type { GatewayError } from '../../../app/errors/gateway-error.ts'
import type { Claim } from '../../../app/limits/decide.ts'
import { computeSpent } from '../../../app/limits/refusal.ts'
import { AT, claim, decisionOn, limitOf, needing } from './limit-states.ts'

describe('the end of an answer that used up its compute time', () => {
  const compute = (change: Partial<Limit> = {}): Limit =>
    limitOf({ unit: 'compute-seconds', amount: 60, ...change })
  const wanting = { ...needing(), 'compute-seconds': { need: 1000, want: 30_000 } }
  const spent = (claims: readonly Claim[], ranMs: number): GatewayError =>
    computeSpent(decisionOn({ claims, demands: wanting, at: AT }), ranMs, AT + ranMs)

  test('names the limit, and says when there is time again', () => {
    const err = spent([claim(limitOf(), 0), claim(compute(), 50)], 10_000)
    expect(err).toMatchObject({
      code: 'limit_reached',
      message:
        'limit reached: 60 seconds of compute time per hour; the answer ends here; try again in 50 seconds',
      headers: { 'retry-after': '50', 'retry-after-ms': '50000' },
      problemDetails: { 'violated-policies': ['compute-seconds-per-hour'] },
    })
    expect(err.details.limit).toMatchObject({
      unit: 'compute-seconds',
      limit: 60,
      remaining: 0,
      reset_ms: 50_000,
      reset: new Date(AT + 60_000).toISOString(),
    })
  })

  test('counts what was used, not what was set aside for it', () => {
    const err = spent([claim(compute(), 0)], 70_000)
    expect(err.message).toEndWith('the answer ends here; try again in 11 minutes')
    expect(err.headers).toMatchObject({ 'retry-after': '660', 'x-should-retry': 'false' })
    expect(spent([claim(compute(), 0)], 35_000).details.limit).toMatchObject({ remaining: 25 })
  })

  test('names the limit that had the least to give, and no shadow', () => {
    const claims = [
      claim(compute({ scope: 'key' }), 30),
      claim(compute({ window: 'minute', model: 'x:latest' }), 35),
      claim(compute({ shadow: true, amount: 10 }), 0),
    ]
    for (const some of [claims, claims.toReversed()])
      expect(spent(some, 25_000).message).toContain('per minute with x:latest')
  })

  test('says a second when there is time again already', () => {
    const { headers } = spent([claim(compute({ window: 'minute' }), 55)], 20_000)
    expect(headers).toEqual({ 'retry-after': '1', 'retry-after-ms': '1000' })
  })
})
