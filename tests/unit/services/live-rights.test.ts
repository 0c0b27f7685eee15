import { describe, expect, test } from 'bun:test'
import { principal } from '../support/principal.ts'
import { createLiveSetup } from './live-setup.ts'

describe('rights are read again', () => {
  test('for everybody when something has changed, and only who lost them is cut', async () => {
    const alice = principal({ keyId: 'alice' })
    const bob = principal({ keyId: 'bob' })
    const carol = principal({ keyId: 'carol' })
    const { live, add } = createLiveSetup(async ({ keyId }) =>
      keyId === 'bob' ? null : principal({ keyId, permissions: new Set() }),
    )
    const kept = add({ who: alice })
    const gone = add({ who: bob })
    const lowered = add({ who: carol, allowed: (now) => now.permissions.has('gateway:ollama') })
    await live.recheckAll()
    expect([kept.codes(), gone.codes(), lowered.codes()]).toEqual([[], ['revoked'], ['revoked']])
    expect(live.size).toBe(1)
  })

  test('once for each key, however many requests it has open', async () => {
    const { live, add, reloads } = createLiveSetup(async () => null)
    const who = principal()
    const requests = Array.from({ length: 50 }, () => add({ who }))
    add({ who: principal({ keyId: 'key-2' }) })
    await live.recheckAll()
    expect(reloads).toEqual(['key-1', 'key-2'])
    for (const { codes } of requests) expect(codes()).toEqual(['revoked'])
  })

  test('when a role or the key itself has expired, and only then', async () => {
    const { live, clock, add, reloads } = createLiveSetup(async (before) => ({
      ...before,
      validUntil: before.validUntil + 1000,
    }))
    const { codes } = add({ who: principal({ validUntil: clock.now() + 100 }) })
    await live.sweep()
    clock.advance(99)
    await live.sweep()
    expect(reloads).toEqual([])
    clock.advance(1)
    await live.sweep()
    await live.sweep()
    expect([reloads, codes()]).toEqual([['key-1'], []])
  })

  test('when something changed between the look-up of the key and now', async () => {
    const { live, add, reloads, outdated } = createLiveSetup(async () => null)
    const who = principal()
    const { codes } = add({ who })
    await live.sweep()
    expect(reloads).toEqual([])
    outdated.add(who)
    await live.sweep()
    expect(codes()).toEqual(['revoked'])
  })

  test('and the request is cut when the new ones do not cover it', async () => {
    const { live, clock, add } = createLiveSetup(async () => null)
    const { codes } = add({ who: principal({ validUntil: clock.now() }) })
    await live.sweep()
    expect(codes()).toEqual(['revoked'])
  })

  test('and when they cannot be read, the caller learns of it and nothing is cut', async () => {
    const { live, add } = createLiveSetup(() => Promise.reject(new Error('database is locked')))
    const { codes } = add()
    await expect(live.recheckAll()).rejects.toThrow('database is locked')
    expect([codes(), live.size]).toEqual([[], 1])
  })

  test('for every key, though those of one cannot be read', async () => {
    const { live, add } = createLiveSetup(async ({ keyId }) => {
      if (keyId === 'key-1') throw new Error('database is locked')
      return null
    })
    add()
    const revoked = add({ who: principal({ keyId: 'key-2' }) })
    await live.recheckAll().catch(() => {})
    expect(revoked.codes()).toEqual(['revoked'])
  })
})
