import { describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import type { Credential } from '../../../app/auth/principal-loader.ts'
import { createVerifier } from '../../../app/auth/verifier.ts'
import { mintApiKey } from '../../../app/domain/api-key.ts'
import type { Principal } from '../../../app/domain/grant.ts'
import { createClock } from '../support/clock.ts'
import { principal } from '../support/principal.ts'

const KEY = mintApiKey(randomBytes).text
const ALICE = principal()

/** A database of one key that answers when it is told to, or at once. */
function setUp(answer: () => Promise<Principal | null> | Principal | null = () => ALICE) {
  const clock = createClock()
  const loads: string[] = []
  const keyring = { digest: (key: string) => `digest of ${key}` }
  const load = async (credential: Credential) => {
    if ('digest' in credential) loads.push(credential.digest)
    return await answer()
  }
  return {
    verifier: createVerifier({ keyring, load, readToken: async () => null, clock }),
    clock,
    loads,
  }
}

describe('a key that is known', () => {
  test('costs no further database read', async () => {
    const { verifier, loads, clock } = setUp()
    for (let i = 0; i < 100; i++) {
      expect(await verifier.verify(KEY)).toBe(ALICE)
      clock.advance(60_000)
    }
    expect(loads).toEqual([`digest of ${KEY}`])
  })

  test('is read again once its principal is no longer valid, and not a moment before', async () => {
    const { verifier, loads, clock } = setUp(() => principal({ validUntil: clock.now() + 1000 }))
    await verifier.verify(KEY)
    clock.advance(999)
    await verifier.verify(KEY)
    expect(loads).toHaveLength(1)
    clock.advance(1)
    await verifier.verify(KEY)
    expect(loads).toHaveLength(2)
  })

  test('is read once, however many ask for it at the same time', async () => {
    const gate = Promise.withResolvers<Principal>()
    const { verifier, loads } = setUp(() => gate.promise)
    const asked = Array.from({ length: 200 }, () => verifier.verify(KEY))
    gate.resolve(ALICE)
    expect(new Set(await Promise.all(asked))).toEqual(new Set([ALICE]))
    expect(loads).toHaveLength(1)
  })

  test('is one of 10,000 at most: the oldest is read again', async () => {
    const { verifier, loads } = setUp()
    const keys = Array.from({ length: 10_001 }, () => mintApiKey(randomBytes).text)
    for (const key of keys) await verifier.verify(key)
    await verifier.verify(keys[10_000] ?? '')
    await verifier.verify(keys[1] ?? '')
    expect(loads).toHaveLength(10_001)
    await verifier.verify(keys[0] ?? '')
    expect(loads).toHaveLength(10_002)
  })
})

describe('a key that is not known', () => {
  test('is looked up again after a second: it may have been made meanwhile', async () => {
    let answer: Principal | null = null
    const { verifier, loads, clock } = setUp(() => answer)
    expect(await verifier.verify(KEY)).toBeNull()
    clock.advance(999)
    answer = ALICE
    expect(await verifier.verify(KEY)).toBeNull()
    clock.advance(1)
    expect(await verifier.verify(KEY)).toBe(ALICE)
    expect(loads).toHaveLength(2)
  })

  test('is never looked up when it is junk', async () => {
    const { verifier, loads } = setUp()
    const junk = [
      '',
      'junk',
      'sk-live-1',
      `${KEY}x`,
      KEY.slice(0, -1),
      KEY.toLowerCase(),
      ` ${KEY}`,
    ]
    const last = KEY.endsWith('0') ? '1' : '0'
    for (const key of [...junk, KEY.slice(0, -1) + last, 'x'.repeat(1_000_000)]) {
      expect(await verifier.verify(key)).toBeNull()
    }
    expect(loads).toEqual([])
  })
})

describe('after forget', () => {
  test('every key is read again', async () => {
    const { verifier, loads } = setUp()
    await verifier.verify(KEY)
    verifier.forget()
    await verifier.verify(KEY)
    expect(loads).toHaveLength(2)
  })

  test('that a key was good for nothing before says nothing about it now', async () => {
    const early = Promise.withResolvers<Principal | null>()
    const answers = [() => early.promise, () => ALICE]
    const { verifier } = setUp(() => answers.shift()?.() ?? null)
    const before = verifier.verify(KEY)
    verifier.forget()
    early.resolve(null)
    expect(await before).toBeNull()
    expect(await verifier.verify(KEY)).toBe(ALICE)
  })

  test('what was being read before is not believed by anybody who asks later', async () => {
    const gates: PromiseWithResolvers<Principal | null>[] = []
    const { verifier, loads } = setUp(() => {
      const gate = Promise.withResolvers<Principal | null>()
      gates.push(gate)
      return gate.promise
    })
    const before = verifier.verify(KEY)
    verifier.forget()
    const after = verifier.verify(KEY)
    while (gates.length < 2) await Promise.resolve()
    gates[1]?.resolve(null)
    gates[0]?.resolve(ALICE)
    expect([await before, await after]).toEqual([ALICE, null])
    expect(await verifier.verify(KEY)).toBeNull()
    expect(loads).toHaveLength(2)
  })
})

describe('when the database fails', () => {
  test('nobody gets in, everybody who asked is told, and the next one asks again', async () => {
    let isDown = true
    const { verifier, loads } = setUp(() => {
      if (isDown) throw new Error('connection refused')
      return ALICE
    })
    const asked = await Promise.allSettled([verifier.verify(KEY), verifier.verify(KEY)])
    expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    isDown = false
    expect(await verifier.verify(KEY)).toBe(ALICE)
    expect(loads).toHaveLength(2)
  })
})

describe('reload', () => {
  test('reads past the cache, and what it finds is what others get from then on', async () => {
    const now = principal({ permissions: new Set() })
    let answer = ALICE
    const { verifier, loads } = setUp(() => answer)
    const before = await verifier.verify(KEY)
    answer = now
    expect(await verifier.verify(KEY)).toBe(ALICE)
    expect(await verifier.reload(before ?? now)).toBe(now)
    expect(await verifier.verify(KEY)).toBe(now)
    expect(await verifier.reload(now)).toBe(now)
    expect(loads).toHaveLength(3)
  })

  test('finds nothing for a key that is gone, or somebody who never came with one', async () => {
    let answer: Principal | null = ALICE
    const { verifier } = setUp(() => answer)
    const before = await verifier.verify(KEY)
    answer = null
    expect(before && (await verifier.reload(before))).toBeNull()
    expect(await verifier.verify(KEY)).toBeNull()
    expect(await verifier.reload(principal())).toBeNull()
  })
})
