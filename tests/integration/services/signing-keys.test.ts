import { beforeEach, expect, test } from 'bun:test'
import { createAccessTokens } from '../../../app/auth/access-token.ts'
import { openKeyring } from '../../../app/auth/secrets.ts'
import { createSigningKeys } from '../../../app/auth/signing-keys.ts'
import { createSigningKeyRotation } from '../../../app/services/signing-key-rotation.ts'
import { type Db, openDatabase } from '../../../db/client.ts'
import { newId } from '../../../db/ids.ts'
import { TESTER, testKeyring } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { createClock } from '../../unit/support/clock.ts'
import { auditOf, DAY_MS } from './session-stage.ts'

const LIFETIME_S = 600
/** The longest request, whose rights are looked at as long as it runs. */
const REQUEST_S = 3600
const BEARER = { userId: 'user-1', sessionId: 'Session001', version: 0 }

await describeEachDatabase('signing keys', (openFresh) => {
  let database: TestDatabase
  let clock: ReturnType<typeof createClock>

  beforeEach(async () => {
    database = await openFresh()
    clock = createClock(1_800_000_000_000)
  })

  /** A server, which learns of changes by itself only. */
  const server = (db: Db = database.db) => {
    const terms = { lifetimeS: LIFETIME_S, longestRequestMs: REQUEST_S * 1000 }
    const needs = { db, clock, newId, keyring: testKeyring, ...terms }
    const keys = createSigningKeys(needs)
    const tokens = createAccessTokens({ ...needs, keys, issuer: 'parallama' })
    return { keys, tokens, rotation: createSigningKeyRotation(needs) }
  }

  const states = async () => (await server().rotation.list()).map(({ state }) => state)

  test('are made once when several servers start together, and sign at once', async () => {
    const handle = openDatabase(database.url)
    try {
      const servers = [server(), server(handle.db), server(), server(handle.db)]
      await Promise.all(servers.map(({ rotation }) => rotation.ensure()))
      expect(await states()).toEqual(['active'])
      expect(await auditOf(database.db, 'signing-key.ensure')).toMatchObject([
        { actor: 'system', outcome: 'done' },
      ])
      // By a clock that is behind as well.
      clock.advance(-29_000)
      const [one, , , other] = servers
      const token = (await one?.tokens.issue(BEARER)) ?? ''
      expect(await other?.tokens.read(token)).toMatchObject({ sessionId: 'Session001' })
    } finally {
      await handle.close()
    }
  })

  test('say that there is none before the first is made', async () => {
    const { tokens } = server()
    await expect(tokens.issue(BEARER)).rejects.toThrow('there is no key to sign')
    expect((await server().keys.published()).keys).toEqual([])
  })

  test('take turns each month, published a day before, deleted when nothing of theirs is good', async () => {
    const { rotation } = server()
    await rotation.ensure()
    // The first one signs by clocks that are behind as well.
    clock.advance(29 * DAY_MS - 30_000 - 1)
    await rotation.ensure()
    expect(await states()).toEqual(['active'])
    clock.advance(1)
    await rotation.ensure()
    expect(await states()).toEqual(['active', 'next'])
    const [, next] = await rotation.list()
    expect(next?.signsFrom).toBe(clock.now() + DAY_MS)
    clock.advance(DAY_MS - 1)
    await rotation.ensure()
    expect(await states()).toEqual(['active', 'next'])
    clock.advance(1)
    await rotation.ensure()
    expect(await states()).toEqual(['retiring', 'active'])
    clock.advance((LIFETIME_S + 30 + 60 + REQUEST_S) * 1000 - 1)
    await rotation.ensure()
    expect(await states()).toEqual(['retiring', 'active'])
    clock.advance(1)
    await rotation.ensure()
    expect(await states()).toEqual(['active'])
  })

  test.each([
    ['in a hurry', 5000],
    ['by itself', DAY_MS],
  ])('never refuse a good token of any server while they change %s', async (how, noticeMs) => {
    const [first, second] = [server(), server()]
    await first.rotation.ensure()
    const issued: { token: string; at: number }[] = []
    /** Each server signs, and each must read all that is not older than a token gets. */
    const use = async () => {
      for (const { tokens } of [first, second]) {
        issued.push({ token: await tokens.issue(BEARER), at: clock.now() })
      }
      for (const { token, at } of issued) {
        if (clock.now() >= at + LIFETIME_S * 1000) continue
        for (const { tokens } of [first, second]) expect(await tokens.read(token)).not.toBeNull()
      }
    }
    await use()
    if (how === 'in a hurry') await first.rotation.rotate(TESTER)
    else clock.advance(29 * DAY_MS)
    await first.rotation.ensure()
    expect(await states()).toEqual(['active', 'next'])
    const before = [0, 1, noticeMs - 2, 1, 1, 1000]
    for (const ms of [...before, 30_000, 29_000, 1000, 300_000, 299_999, 30_001]) {
      clock.advance(ms)
      await second.rotation.ensure()
      await use()
    }
    clock.advance((LIFETIME_S + REQUEST_S) * 1000)
    await first.rotation.ensure()
    await use()
    expect(await states()).toEqual(['active'])
    const signers = issued.map(({ token }) => JSON.parse(atob(token.split('.')[0] ?? '')).kid)
    expect(new Set(signers).size).toBe(2)
  })

  test('that somebody may have stolen are gone at once, and their tokens with them', async () => {
    const [first, second] = [server(), server()]
    await first.rotation.ensure()
    const token = await first.tokens.issue(BEARER)
    expect(await second.tokens.read(token)).not.toBeNull()
    const made = await first.rotation.rotate(TESTER, { revokeOld: true })
    expect(made.state).toBe('active')
    expect(await states()).toEqual(['active'])
    // As each server does when the revision was raised.
    for (const { keys } of [first, second]) keys.forget()
    for (const { tokens } of [first, second]) {
      expect(await tokens.read(token)).toBeNull()
      expect(await second.tokens.read(await tokens.issue(BEARER))).not.toBeNull()
    }
    expect(await auditOf(database.db, 'signing-key.rotate')).toMatchObject([
      { actor: 'test:tester', target: made.id, detail: { revokeOld: true } },
    ])
  })

  test('are published without their secret part, which is stored encrypted', async () => {
    const { rotation, keys } = server()
    await rotation.ensure()
    const [id] = (await rotation.list()).map((key) => key.id)
    const published = await keys.published()
    expect(published).toEqual({
      keys: [
        {
          kid: id ?? '',
          kty: 'OKP',
          crv: 'Ed25519',
          alg: 'EdDSA',
          use: 'sig',
          x: expect.any(String),
        },
      ],
    })
    const row = await database.db.selectFrom('signing_keys').selectAll().executeTakeFirstOrThrow()
    expect(JSON.stringify(row)).not.toContain('"d"')
    expect(row.public_jwk).not.toContain('"d":')
    const place = `signing-key ${row.id}`
    expect(JSON.parse(testKeyring.open(row.sealed_private_jwk, place))).toHaveProperty('d')
    expect(() => testKeyring.open(row.sealed_private_jwk, 'signing-key x')).toThrow('master secret')
    const other = openKeyring('the master secret of someone else, 32+')
    expect(() => other.open(row.sealed_private_jwk, place)).toThrow('master secret')
  })

  test('that nobody knows are looked for once a second at most, whoever asks', async () => {
    const { rotation, keys } = server()
    await rotation.ensure()
    const { privateKey } = await keys.current()
    let reads = 0
    const counting = new Proxy(database.db, {
      get(db, name) {
        if (name === 'selectFrom') reads++
        return Reflect.get(db, name, db)
      },
    })
    const watched = createSigningKeys({ db: counting, keyring: testKeyring, clock })
    const find = (id: string) => watched.find(id).catch(() => null)
    await Promise.all(Array.from({ length: 20 }, (_, i) => find(`unknown-${i}`)))
    expect(reads).toBe(1)
    clock.advance(1000)
    await find('unknown')
    expect(reads).toBe(2)
    expect(privateKey.extractable).toBe(false)
  })
})
