import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { limitHeaders } from '../../../app/limits/headers.ts'
import { limitReached } from '../../../app/limits/refusal.ts'
import { anySituation, decisionOn } from './limit-states.ts'
import { itemsOf } from './structured-fields.ts'

test('whatever the limits and their buckets: the headers can be read, and keep within bounds', () => {
  fc.assert(
    fc.property(anySituation(), (situation) => {
      const { demands, at } = situation
      const decision = decisionOn(situation)
      const { reservation, states } = decision
      const headers = reservation
        ? limitHeaders(states, at, demands)
        : limitReached(decision, demands).headers
      const visible = states.filter(({ limit }) => !limit.shadow)
      if (visible.length === 0) return expect(headers).toEqual({})

      const policies = itemsOf(headers, 'ratelimit-policy')
      const limits = itemsOf(headers, 'ratelimit')
      const names = policies.map(([name]) => name)
      expect(names).toHaveLength(visible.length)
      expect(new Set(names).size).toBe(names.length)
      expect(limits.map(([name]) => name)).toEqual(names)
      policies.forEach(([, { q, w }], i) => {
        expect(q).toBe(visible[i]?.limit.amount)
        expect(w === undefined).toBe(visible[i]?.limit.window === 'now')
      })
      for (const [, { r, t = 1 }] of limits) {
        expect(Number.isSafeInteger(r) && Number(r) >= 0).toBe(true)
        expect(Number.isSafeInteger(t) && Number(t) >= 1).toBe(true)
        if (!reservation) expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(Number(t))
      }
      for (const unit of ['requests', 'tokens']) {
        const reset = headers[`x-ratelimit-reset-${unit}`] ?? '0s'
        expect(reset).toMatch(/^(\d+ms|(\d+h(?=\d+m))?(\d+m(?=\d+s))?\d+s)$/)
      }
    }),
    { numRuns: 300 },
  )
})
