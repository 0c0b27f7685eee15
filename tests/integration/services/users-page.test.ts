import { beforeEach, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import type { UserPage } from '../../../app/services/user-view.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

/** In the order of their bytes, which is no language's. */
const NAMES = ['0', 'a-b', 'a.b', 'a0', 'a@b', 'a_b', 'ab', 'anna', 'axb']

await describeEachDatabase('users, page by page,', (openFresh) => {
  let admin: Admin

  beforeEach(async () => {
    admin = testAdmin((await openFresh()).db)
    for (const username of NAMES.toReversed()) await admin.users.create(TESTER, { username })
  })

  const named = async (of: Partial<UserPage>): Promise<string[]> =>
    (await admin.users.page({ after: null, limit: 50, ...of })).rows.map((user) => user.username)

  test('are all there, each once, in the order of the bytes of their names', async () => {
    for (const limit of [1, 2, NAMES.length - 1, NAMES.length, 200]) {
      const found: string[] = []
      let after: string | null = null
      do {
        const page = await admin.users.page({ after, limit })
        expect(page.rows.length).toBeLessThanOrEqual(limit)
        found.push(...page.rows.map(({ username }) => username))
        after = page.next
      } while (after !== null)
      expect(found).toEqual(NAMES)
    }
  })

  test('go on after a user who was deleted meanwhile, and show nobody twice', async () => {
    const first = await admin.users.page({ after: null, limit: 3 })
    expect(first.next).toBe('a.b')
    await admin.users.delete(TESTER, 'a.b')
    await admin.users.create(TESTER, { username: 'a' })
    expect(await named({ after: first.next })).toEqual(NAMES.slice(3))
  })

  test('are the same as alone', async () => {
    await admin.roles.grant(TESTER, 'anna', 'premium', 9e12)
    expect((await admin.users.page({ after: 'ab', limit: 1 })).rows).toEqual([
      await admin.users.info('anna'),
    ])
  })

  test('are only those with a role, and only those whose name has what is looked for', async () => {
    await admin.roles.grant(TESTER, 'anna', 'premium', null)
    expect(await named({ role: 'premium' })).toEqual(['anna'])
    expect(await named({ role: 'premium', search: 'b' })).toEqual([])
    expect(await named({ role: 'basic', search: 'B' })).toEqual(NAMES.filter((n) => /b/.test(n)))
    expect((await refusalOf(named({ role: 'premum' })))?.message).toContain('did you mean premium?')
  })

  test('are found by what is looked for, which is never a pattern', async () => {
    const found: Record<string, string[]> = {
      '': NAMES,
      _: ['a_b'],
      a_b: ['a_b'],
      '%': [],
      'a%b': [],
      '!': [],
      '\\': [],
      '\\_': [],
      "'": [],
      'a.b': ['a.b'],
      '@': ['a@b'],
      NN: ['anna'],
      é: [],
      '🙂': [],
    }
    for (const [search, names] of Object.entries(found)) {
      expect([search, await named({ search })]).toEqual([search, names])
    }
    expect(await named({ search: '%'.repeat(64) })).toEqual([])
  })

  test('are not looked for by what no database takes, or by a storm of characters', async () => {
    for (const search of ['x'.repeat(65), 'a\0', 'a\n', '\ud83d']) {
      expect([search, (await refusalOf(named({ search })))?.code]).toEqual([search, 'invalid'])
    }
  })
})
