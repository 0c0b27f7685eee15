import { describe, expect, test } from 'bun:test'
import { unauthorized } from '../../../app/auth/credential.ts'
import { refusalOf } from '../../support/refusal.ts'
import { createAttempts, HERE } from '../support/attempts.ts'

describe('when many come at once', () => {
  test('no more bad keys are looked up than the budget has', async () => {
    const { bad, lookups } = createAttempts()
    await bad()
    const codes = await Promise.all(Array.from({ length: 200 }, () => bad()))
    const refused = codes.filter((code) => code === 'too_many_failures')
    expect([lookups(), refused.length]).toEqual([5, 196])
  })

  test('all good keys get through, as many at a time as the budget has', async () => {
    const { shield } = createAttempts()
    let running = 0
    let most = 0
    const lookup = async () => {
      most = Math.max(most, ++running)
      await Promise.resolve()
      running--
    }
    const attempts = Array.from({ length: 500 }, () => shield.attempt(HERE, () => false, lookup))
    await Promise.all(attempts)
    expect([most, running]).toEqual([5, 0])
  })

  test('a known key waits for nobody, and takes no place that another could have', async () => {
    const { lasting, good, lookups } = createAttempts({ limit: 1 })
    const gate = Promise.withResolvers<void>()
    const first = lasting(gate.promise)
    expect(await good(HERE, true)).toBe('ok')
    const next = good()
    expect(await good(HERE, true)).toBe('ok')
    expect(lookups()).toBe(2)
    gate.resolve()
    await first
    expect([await next, lookups()]).toEqual(['ok', 3])
  })

  test('one that has waited is let in if its key has become known, even where all else is shut', async () => {
    const { shield, lasting, good } = createAttempts({ limit: 1 })
    const gate = Promise.withResolvers<never>()
    const first = refusalOf(lasting(gate.promise))
    let isKnown = false
    const second = shield.attempt(
      HERE,
      () => isKnown,
      async () => 'principal',
    )
    const third = good()
    isKnown = true
    gate.reject(unauthorized('Bearer'))
    expect([(await first)?.code, await second, await third]).toEqual([
      'unauthorized',
      'principal',
      'too_many_failures',
    ])
  })

  test('a failure of the database leaves nobody waiting', async () => {
    const { lasting, ending } = createAttempts({ limit: 2 })
    const codes = await Promise.all(
      Array.from({ length: 50 }, () => ending('database_unavailable')),
    )
    expect(new Set(codes)).toEqual(new Set(['database_unavailable']))
    expect(await lasting(Promise.resolve('principal'))).toBe('principal')
  })

  test('a thousand of one address may wait; more are told to come again', async () => {
    const { lasting, good } = createAttempts({ limit: 1 })
    const gate = Promise.withResolvers<void>()
    const first = lasting(gate.promise)
    const waiting = Array.from({ length: 1000 }, () => good())
    expect(await good()).toBe('busy')
    expect(await good('192.0.2.8')).toBe('ok')
    gate.resolve()
    await first
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['ok']))
  })
})
