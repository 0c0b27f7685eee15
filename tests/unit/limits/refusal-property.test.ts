import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { shapeOf } from '../../../app/domain/limit.ts'
import { limitReached } from '../../../app/limits/refusal.ts'
import { anySituation, decisionOn } from './limit-states.ts'

test('who waits as long as they are told is let in, and not one moment earlier', () => {
  let refusals = 0
  fc.assert(
    fc.property(anySituation({ canHold: false }), ({ claims, demands, at }) => {
      const decision = decisionOn({ claims, demands, at })
      if (decision.reservation) return
      refusals += 1
      const { headers } = limitReached(decision, demands)
      const wait = Number(headers['retry-after-ms'])
      const left = decision.states.map(({ limit, bucket }) => ({
        limit,
        bucket,
        shape: shapeOf(limit),
      }))
      const isLetIn = (later: number): boolean =>
        decisionOn({ claims: left, demands, at: at + later }).reservation !== null
      expect([wait - 1, wait].map(isLetIn)).toEqual([false, true])
      expect(headers['retry-after']).toBe(String(Math.ceil(wait / 1000)))
      expect(headers['x-should-retry'] === 'false').toBe(wait > 60_000)
    }),
    { numRuns: 500 },
  )
  expect(refusals).toBeGreaterThan(50)
})
