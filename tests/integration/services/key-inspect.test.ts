import { beforeEach, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { mintApiKey } from '../../../app/domain/api-key.ts'
import { withChecksum } from '../../../app/domain/secret-text.ts'
import type { Db } from '../../../db/client.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { AT, keysAt } from '../../support/keys-service.ts'
import { refusalOf } from '../../support/refusal.ts'

await describeEachDatabase('a key that is looked at', (openFresh) => {
  let db: Db
  let clock: ReturnType<typeof keysAt>['clock']
  let keys: ReturnType<typeof keysAt>['keys']

  beforeEach(async () => {
    db = (await openFresh()).db
    ;({ keys, clock } = keysAt(db))
    const { users } = testAdmin(db)
    await users.create(TESTER, { username: 'anna' })
    await users.create(TESTER, { username: 'bob' })
  })

  test('says whose it is and whether it is genuine, also when it is over', async () => {
    const { key, ...made } = await keys.generate(TESTER, 'anna', { description: 'laptop' })
    const known = { ...made, addresses: [] }
    expect(await keys.inspect(made.id)).toEqual({ ...known, isGenuine: null })
    expect(await keys.inspect(` ${key}\n`)).toEqual({ ...known, isGenuine: true })
    await keys.revoke(TESTER, made.id)
    expect(await keys.inspect(key)).toMatchObject({ status: 'revoked', isGenuine: true })
  })

  test('is not genuine when its id is right and the rest is made up', async () => {
    const { id } = await keys.generate(TESTER, 'anna')
    const forged = withChecksum(`plk_${id}${mintApiKey(randomBytes).text.slice(14, -6)}`)
    expect(await keys.inspect(forged)).toMatchObject({ id, isGenuine: false })
    const stranger = mintApiKey(randomBytes)
    expect(await refusalOf(keys.inspect(stranger.text))).toMatchObject({
      code: 'not_found',
      message: `there is no key with the id "${stranger.id}"`,
    })
  })

  test('that is not whole is never repeated in what is said about it', async () => {
    const { key } = await keys.generate(TESTER, 'anna')
    for (const cut of [key.slice(0, -1), `${key}x`, `${key} ${key}`, key.replace('_', '_0')]) {
      for (const act of [keys.inspect(cut), keys.revoke(TESTER, cut), keys.rotate(TESTER, cut)]) {
        const refusal = await refusalOf(act)
        expect(refusal?.code).toBe('not_found')
        expect(refusal?.message).not.toContain(key.slice(14, 30))
      }
    }
  })

  test('changes its status by itself: replaced, expired, and revoked before both', async () => {
    const { id } = await keys.generate(TESTER, 'anna', { expiresAt: AT + 2000 })
    const status = async () => (await keys.inspect(id)).status
    expect(await status()).toBe('active')
    await keys.rotate(TESTER, id, { graceMs: 1000 })
    expect(await status()).toBe('replaced')
    clock.advance(1000)
    expect(await status()).toBe('expired')
    await keys.revoke(TESTER, id)
    expect(await status()).toBe('revoked')
  })

  test('is on one page of those of everybody or of one, in the order of the bytes of the ids', async () => {
    const made = await Promise.all(
      Array.from({ length: 25 }, (_, i) => keys.generate(TESTER, i % 2 === 0 ? 'anna' : 'bob')),
    )
    const ids = (username?: string): string[] =>
      made
        .filter((key) => username === undefined || key.username === username)
        .map(({ id }) => id)
        .sort()
    const walk = async (limit: number, filter: object = {}): Promise<string[]> => {
      const seen: string[] = []
      let after: string | null = null
      do {
        const page: Awaited<ReturnType<typeof keys.page>> = await keys.page({
          ...filter,
          after,
          limit,
        })
        expect(page.rows.length).toBeLessThanOrEqual(limit)
        seen.push(...page.rows.map(({ id }) => id))
        after = page.next
      } while (after !== null)
      return seen
    }
    for (const limit of [1, 7, 25, 1000]) expect(await walk(limit)).toEqual(ids())
    expect(await walk(5, { username: 'BOB' })).toEqual(ids('bob'))
    const { id: userId } = await testAdmin(db).users.info('anna')
    expect(await walk(5, { userId })).toEqual(ids('anna'))
    expect((await refusalOf(keys.page({ username: 'nobody', limit: 5 })))?.code).toBe('not_found')
    for (const limit of [0, 1001, 1.5]) {
      expect((await refusalOf(keys.page({ limit })))?.code).toBe('invalid')
    }
  })
})
