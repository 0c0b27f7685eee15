import { describe, expect, test } from 'bun:test'
import type { Principal } from '../../../app/domain/grant.ts'
import type { GatewayError } from '../../../app/errors/gateway-error.ts'
import { createLiveRequests } from '../../../app/services/live-requests.ts'
import { createClock } from '../support/clock.ts'
import { principal } from '../support/principal.ts'

const DEADLINES = { firstByteMs: 600, idleMs: 300, totalMs: 3600 }

interface Options {
  readonly who?: Principal
  readonly allowed?: (now: Principal) => boolean
  readonly hasDeadline?: boolean
}

/** Live requests whose principals are read again by `reload`. */
function setUp(reload: (before: Principal) => Promise<Principal | null> = async (p) => p) {
  const clock = createClock()
  const reloads: string[] = []
  const outdated = new Set<Principal>()
  const live = createLiveRequests({
    clock,
    isCurrent: (who) => !outdated.has(who),
    deadlines: DEADLINES,
    reload: (before) => {
      reloads.push(before.keyId)
      return reload(before)
    },
  })
  const add = ({ who = principal(), allowed = () => true, hasDeadline = true }: Options = {}) => {
    const cuts: GatewayError[] = []
    const handle = live.add({
      principal: who,
      isStillAllowed: allowed,
      hasDeadline,
      compute: null,
      cut: (err) => {
        cuts.push(err)
        handle.end()
      },
    })
    return { handle, cuts, codes: () => cuts.map(({ code }) => code) }
  }
  return { live, clock, reloads, outdated, add }
}

describe('a request is cut', () => {
  test('when nothing has come for longer than the first byte may take, and not before', async () => {
    const { live, clock, add } = setUp()
    const { codes, cuts } = add()
    clock.advance(600)
    await live.sweep()
    expect(codes()).toEqual([])
    clock.advance(1)
    await live.sweep()
    expect(codes()).toEqual(['upstream_timeout'])
    expect(cuts[0]).toMatchObject({ status: 504, message: expect.stringContaining('begin') })
  })

  test('when it falls silent in the middle, each piece beginning the wait anew', async () => {
    const { live, clock, add } = setUp()
    const { handle, codes, cuts } = add()
    for (let i = 0; i < 5; i++) {
      clock.advance(300)
      handle.progress()
      await live.sweep()
    }
    clock.advance(300)
    await live.sweep()
    expect(codes()).toEqual([])
    clock.advance(1)
    await live.sweep()
    expect(cuts[0]?.message).toContain('in the middle')
  })

  test('when it takes too long in all, though it never falls silent', async () => {
    const { live, clock, add } = setUp()
    const [bounded, unbounded] = [add(), add({ hasDeadline: false })]
    for (let i = 0; i < 36; i++) {
      clock.advance(100)
      bounded.handle.progress()
      unbounded.handle.progress()
      await live.sweep()
    }
    expect(bounded.codes()).toEqual([])
    clock.advance(1)
    await live.sweep()
    expect([bounded.codes(), unbounded.codes()]).toEqual([['upstream_timeout'], []])
    expect(bounded.cuts[0]?.message).toContain('longer than is allowed')
  })

  test('once, and is no longer there afterwards', async () => {
    const { live, clock, add } = setUp()
    const { codes } = add()
    expect(live.size).toBe(1)
    clock.advance(10_000)
    await live.sweep()
    await live.sweep()
    await live.recheckAll()
    live.cutAll()
    expect(codes()).toEqual(['upstream_timeout'])
    expect(live.size).toBe(0)
  })

  test('never after it has ended', async () => {
    const { live, clock, add } = setUp(async () => null)
    const { handle, codes } = add()
    handle.end()
    handle.end()
    clock.advance(10_000)
    await live.sweep()
    await live.recheckAll()
    live.cutAll()
    expect([codes(), live.size]).toEqual([[], 0])
  })

  test('when the process goes away, all of them', () => {
    const { live, add } = setUp()
    const requests = [add(), add({ hasDeadline: false })]
    live.cutAll()
    expect(requests.map(({ codes }) => codes())).toEqual([['shutting_down'], ['shutting_down']])
  })
})

describe('rights are read again', () => {
  test('for everybody when something has changed, and only who lost them is cut', async () => {
    const alice = principal({ keyId: 'alice' })
    const bob = principal({ keyId: 'bob' })
    const carol = principal({ keyId: 'carol' })
    const { live, add } = setUp(async ({ keyId }) =>
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
    const { live, add, reloads } = setUp(async () => null)
    const requests = Array.from({ length: 50 }, () => add())
    add({ who: principal({ keyId: 'key-2' }) })
    await live.recheckAll()
    expect(reloads).toEqual(['key-1', 'key-2'])
    for (const { codes } of requests) expect(codes()).toEqual(['revoked'])
  })

  test('when a role or the key itself has expired, and only then', async () => {
    const { live, clock, add, reloads } = setUp(async (before) => ({
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
    const { live, add, reloads, outdated } = setUp(async () => null)
    const who = principal()
    const { codes } = add({ who })
    await live.sweep()
    expect(reloads).toEqual([])
    outdated.add(who)
    await live.sweep()
    expect(codes()).toEqual(['revoked'])
  })

  test('and the request is cut when the new ones do not cover it', async () => {
    const { live, clock, add } = setUp(async () => null)
    const { codes } = add({ who: principal({ validUntil: clock.now() }) })
    await live.sweep()
    expect(codes()).toEqual(['revoked'])
  })

  test('and when they cannot be read, the caller learns of it and nothing is cut', async () => {
    const { live, add } = setUp(() => Promise.reject(new Error('database is locked')))
    const { codes } = add()
    await expect(live.recheckAll()).rejects.toThrow('database is locked')
    expect([codes(), live.size]).toEqual([[], 1])
  })

  test('for every key, though those of one cannot be read', async () => {
    const { live, add } = setUp(async ({ keyId }) => {
      if (keyId === 'key-1') throw new Error('database is locked')
      return null
    })
    add()
    const revoked = add({ who: principal({ keyId: 'key-2' }) })
    await live.recheckAll().catch(() => {})
    expect(revoked.codes()).toEqual(['revoked'])
  })
})
