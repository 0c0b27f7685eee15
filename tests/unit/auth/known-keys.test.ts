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

/** A database in which every key has this answer. */
function setUp(answer: () => Principal | null = () => ALICE) {
  const keyring = { digest: (key: string) => `digest of ${key}` }
  const loads: string[] = []
  const load = async (credential: Credential) => {
    if ('digest' in credential) loads.push(credential.digest)
    return answer()
  }
  return {
    verifier: createVerifier({ keyring, load, readToken: async () => null, clock: createClock() }),
    loads,
  }
}

describe('a key that was good at its last look-up', () => {
  test('is known, also after forget, until a look-up has found it bad', async () => {
    let answer: Principal | null = ALICE
    const { verifier, loads } = setUp(() => answer)
    expect(verifier.knows(KEY)).toBe(false)
    await verifier.verify(KEY)
    expect(verifier.knows(KEY)).toBe(true)
    verifier.forget()
    answer = null
    expect(verifier.knows(KEY)).toBe(true)
    expect(loads).toHaveLength(1)
    await verifier.verify(KEY)
    expect(verifier.knows(KEY)).toBe(false)
  })

  test('is known also while the database is down, and after a reload that finds it bad no more', async () => {
    let answer: () => Principal | null = () => ALICE
    const { verifier } = setUp(() => answer())
    const alice = await verifier.verify(KEY)
    answer = () => {
      throw new Error('connection refused')
    }
    verifier.forget()
    await verifier.verify(KEY).catch(() => null)
    expect(verifier.knows(KEY)).toBe(true)
    answer = () => null
    expect(alice && (await verifier.reload(alice))).toBeNull()
    expect(verifier.knows(KEY)).toBe(false)
  })

  test('is one of 10,000 at most: the one looked up longest ago is not known any more', async () => {
    const { verifier } = setUp()
    const keys = Array.from({ length: 10_001 }, () => mintApiKey(randomBytes).text)
    for (const key of keys) await verifier.verify(key)
    expect(keys.filter((key) => !verifier.knows(key))).toEqual([keys[0] ?? ''])
  })

  test('is never one that was not good, or is junk', async () => {
    const { verifier } = setUp(() => null)
    await verifier.verify(KEY)
    expect([KEY, '', 'junk', `${KEY}x`].map(verifier.knows)).toEqual([false, false, false, false])
  })
})
