import { beforeEach, expect, test } from 'bun:test'
import { createPrincipalLoader } from '../../../app/auth/principal-loader.ts'
import type { KeyOptions } from '../../../app/services/keys.ts'
import type { Db } from '../../../db/client.ts'
import { TESTER, testAdmin, testKeyring } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { acting, keysAt } from '../../support/keys-service.ts'
import { refusalOf } from '../../support/refusal.ts'

interface Person {
  readonly id: string
  readonly username: string
}

const ALL_OF_BASIC = ['gateway:ollama']

await describeEachDatabase('a key that is restricted', (openFresh) => {
  let db: Db
  let keys: ReturnType<typeof keysAt>['keys']
  let anna: Person
  let root: Person

  beforeEach(async () => {
    db = (await openFresh()).db
    ;({ keys } = keysAt(db))
    const { users } = testAdmin(db)
    root = await users.create(TESTER, { username: 'root', roles: ['admin'] })
    anna = await users.create(TESTER, { username: 'anna' })
  })

  const load = (key: string) =>
    createPrincipalLoader({ isSigner: async () => true, db, clock: { now: () => 0 } })({
      digest: testKeyring.digest(key),
    })

  test('has its scopes in one spelling, each once, and shows them', async () => {
    const { id, key } = await keys.generate(TESTER, 'anna', {
      scopes: {
        gateways: ['ollama', 'ollama'],
        models: [' LLama3* ', 'llama3*', 'qwen3:8b'],
        permissions: ['gateway:ollama'],
        addresses: ['::FFFF:192.0.2.7', '192.0.2.7', '2001:DB8::/32', '::ffff:10.0.0.0/104'],
      },
    })
    const scopes = {
      gateways: ['ollama'],
      models: ['llama3*', 'qwen3:8b'],
      permissions: ['gateway:ollama'],
      addresses: ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32'],
    }
    const [listed] = await keys.list('anna')
    expect(listed?.scopes).toEqual(scopes)
    expect((await keys.inspect(id)).scopes).toEqual(scopes)
    const principal = await load(key)
    expect([principal?.isScoped, principal?.addresses?.toSorted()]).toEqual([
      true,
      scopes.addresses,
    ])
    expect(principal?.models.map((matches) => matches('qwen3:8b'))).toEqual([true])
  })

  test('by nothing is not restricted', async () => {
    const empty = { gateways: [], models: [], permissions: [], addresses: [] }
    for (const scopes of [undefined, {}, empty]) {
      const made = await keys.generate(TESTER, 'anna', { scopes })
      expect(made.scopes).toEqual(empty)
      expect(await load(made.key)).toMatchObject({ isScoped: false, addresses: null })
    }
  })

  test('by what does not exist, or times that can’t be, is not made', async () => {
    const scopes = (change: KeyOptions['scopes']): KeyOptions => ({ scopes: change })
    const bad: [options: KeyOptions, words: string][] = [
      [scopes({ gateways: ['olama'] }), 'did you mean ollama?'],
      [scopes({ gateways: ['*'] }), 'the gateways are ollama, openai, anthropic'],
      [scopes({ permissions: ['user:manage'] }), 'did you mean users:manage?'],
      [scopes({ models: ['no name'] }), '"no name" is neither a model name nor a pattern'],
      ...[
        '10.0.0.0/33',
        '10.0.0',
        'example.org',
        '',
        '::/129',
        '::ffff:1.2.3.4/95',
        'fe80::1%eth0',
      ].map((text): [KeyOptions, string] => [
        scopes({ addresses: [text] }),
        `"${text}" is no address`,
      ]),
      [scopes({ models: Array.from({ length: 101 }, (_, i) => `m${i}`) }), 'at most 100 scopes'],
      [{ rotateEveryMs: 3_599_999 }, 'every hour at most'],
      [{ rotateEveryMs: Number.NaN }, 'every hour at most'],
      [{ rotateEveryMs: 3_600_000, graceMs: 3_600_000 }, 'the grace must be shorter'],
      [{ rotateEveryMs: 3_600_000, graceMs: -1 }, 'a grace is a time from nothing'],
      [{ graceMs: 1000 }, 'a grace without a rotation'],
    ]
    for (const [options, words] of bad) {
      const refusal = await refusalOf(keys.generate(TESTER, 'anna', options))
      expect([options, refusal?.code, refusal?.message]).toEqual([
        options,
        'invalid',
        expect.stringContaining(words),
      ])
    }
    expect(await keys.list()).toEqual([])
  })

  test('never names a right that its owner has not, whoever makes it, and that is noted', async () => {
    const admin = acting(root, ['gateway:ollama', 'gateway:openai', 'users:manage'])
    for (const actor of [TESTER, admin, acting(anna, ALL_OF_BASIC)]) {
      for (const scopes of [{ gateways: ['openai'] }, { permissions: ['users:manage'] }]) {
        const refusal = await refusalOf(keys.generate(actor, 'anna', { scopes }))
        expect(refusal?.code).toBe('forbidden')
      }
    }
    const audit = await db.selectFrom('audit_log').select(['action', 'outcome']).execute()
    expect(audit.filter(({ outcome }) => outcome === 'refused')).toHaveLength(6)
    expect(await keys.list()).toEqual([])
  })

  test('is made by its owner, or by somebody who may do all that the owner may', async () => {
    const made = async (actor: ReturnType<typeof acting>, username: string): Promise<string> =>
      (await refusalOf(keys.generate(actor, username)))?.code ?? 'made'
    expect(await made(acting(anna, []), 'anna')).toBe('made')
    expect(await made(acting(root, ['users:manage', ...ALL_OF_BASIC]), 'anna')).toBe('made')
    expect(await made(acting(root, ['users:manage']), 'anna')).toBe('forbidden')
    expect(await made(acting(anna, ['users:manage', ...ALL_OF_BASIC]), 'root')).toBe('forbidden')
  })

  test('makes no keys and gets none but its own successor', async () => {
    const own = await keys.generate(TESTER, 'anna', { scopes: { models: ['llama3*'] } })
    const free = await keys.generate(TESTER, 'anna')
    const actor = acting(anna, ALL_OF_BASIC, { isScoped: true, keyId: own.id })
    const code = async (act: Promise<unknown>): Promise<string | undefined> =>
      (await refusalOf(act))?.code
    expect(await code(keys.generate(actor, 'anna'))).toBe('forbidden')
    expect(await code(keys.rotate(actor, free.id))).toBe('forbidden')
    expect(await code(keys.successor(actor, free.id))).toBe('forbidden')
    expect(await code(keys.revoke(actor, free.id))).toBe('forbidden')
    const next = await keys.rotate(actor, own.id)
    expect(next.scopes.models).toEqual(['llama3*'])
    expect(await code(keys.revoke(actor, own.id))).toBeUndefined()
  })

  test('of somebody who may do more is neither rotated, fetched nor revoked', async () => {
    const { id } = await keys.generate(TESTER, 'root')
    const actor = acting(anna, ['users:manage', ...ALL_OF_BASIC])
    for (const act of [keys.rotate, keys.successor, keys.revoke]) {
      expect((await refusalOf(act(actor, id)))?.code).toBe('forbidden')
    }
    expect((await keys.inspect(id)).status).toBe('active')
  })

  test('does not exist for anybody but its owner, where an owner is named', async () => {
    const { id } = await keys.generate(TESTER, 'anna')
    const owner = root.id
    const actor = acting(root, ['users:manage', ...ALL_OF_BASIC])
    const acts = [
      keys.rotate(actor, id, { owner }),
      keys.successor(actor, id, { owner }),
      keys.revoke(actor, id, { owner }),
      keys.inspect(id, { owner }),
    ]
    for (const act of acts) {
      expect((await refusalOf(act))?.message).toBe(`there is no key with the id "${id}"`)
    }
    expect((await keys.inspect(id, { owner: anna.id })).status).toBe('active')
  })
})
