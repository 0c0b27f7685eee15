import { beforeEach, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import { createPrincipalLoader } from '../../../app/auth/principal-loader.ts'
import type { Limit } from '../../../app/domain/limit.ts'
import { limitsOfUser } from '../../../app/services/applied-limits.ts'
import type { Proposal } from '../../../app/services/limit-proposal.ts'
import type { Subject } from '../../../app/services/limit-subject.ts'
import {
  insertRequests,
  requestRow,
  TESTER,
  testAdmin,
  testKeyring,
} from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'

const HOUR_MS = 3_600_000

await describeEachDatabase('the limits of roles', (openFresh) => {
  let database: TestDatabase
  let admin: Admin
  let anna: string

  beforeEach(async () => {
    database = await openFresh()
    admin = testAdmin(database.db)
    anna = (await admin.users.create(TESTER, { username: 'anna' })).id
  })

  const set = (subject: Subject, amount: number, more: Partial<Proposal> = {}) =>
    admin.limits.set(TESTER, subject, {
      gateway: 'ollama',
      amounts: [{ unit: 'tokens', window: 'hour', amount }],
      ...more,
    })

  /** The scope and amount of each that applies. */
  const shown = async (subject: Subject): Promise<string[]> =>
    (await admin.limits.get(subject)).limits.map(({ scope, limit }) => `${scope} ${limit}`)

  test('end with the membership, and are those of what it includes as well', async () => {
    await set({ role: 'basic' }, 10)
    await set({ role: 'premium' }, 99)
    await admin.users.create(TESTER, { username: 'bob', roles: ['premium'] })
    expect(await shown({ user: 'bob' })).toEqual(['role 99'])
    expect(await shown({ role: 'premium' })).toEqual(['role 99'])
    await admin.roles.grant(TESTER, 'bob', 'premium', Date.now() - HOUR_MS)
    expect(await shown({ user: 'bob' })).toEqual([])
    await admin.roles.grant(TESTER, 'bob', 'admin', Date.now() + HOUR_MS)
    expect(await shown({ user: 'bob' })).toEqual(['role 99'])
  })

  test('are the same limits as those that requests are admitted by', async () => {
    const { id, key } = await admin.keys.generate(TESTER, 'anna')
    await admin.roles.grant(TESTER, 'anna', 'premium', Date.now() + HOUR_MS)
    await admin.roles.grant(TESTER, 'anna', 'admin', Date.now() - 1)
    for (const [i, role] of ['basic', 'premium', 'admin'].entries()) {
      await set({ role }, 100 + i)
      await set({ role }, 100 - i, { model: 'llama3' })
      await set({ role }, 1000 + i, { shared: true })
      await set({ role }, 10 + i, { shadow: true })
    }
    await set({ user: 'anna' }, 1, { model: 'llama3' })
    await set({ key: id }, 2)
    const other = await admin.keys.generate(TESTER, 'anna')
    await set({ key: other.id }, 3)
    const clock = { now: () => Date.now() }
    const principal = await createPrincipalLoader({
      isSigner: async () => true,
      db: database.db,
      clock,
    })({
      digest: testKeyring.digest(key),
    })
    const inOrder = (some: readonly Limit[] = []) =>
      some.toSorted((a, b) => (a.holder + a.bucket < b.holder + b.bucket ? -1 : 1))
    const applied = await limitsOfUser(database.db, anna, Date.now(), [id])
    expect(applied).toHaveLength(6)
    expect(inOrder(applied)).toEqual(inOrder(principal?.limits))
  })

  test('are simulated for all members, however many there are, and for nobody else', async () => {
    const names = Array.from({ length: 1001 }, (_, i) => `member${i}`)
    const user = {
      password_hash: null,
      disabled: 0,
      created_at: 0,
      updated_at: 0,
      deleted_at: null,
    }
    await database.db
      .insertInto('users')
      .values(names.map((name) => ({ ...user, id: name, username: name })))
      .execute()
    const membership = { role_id: 'role-premium', granted_at: 0, expires_at: null }
    await database.db
      .insertInto('user_roles')
      .values(names.map((name) => ({ ...membership, user_id: name })))
      .execute()
    const rows = [anna, 'member0', 'member1000', 'member1000'].map((user_id) =>
      requestRow({ user_id }),
    )
    await insertRequests(database, rows)
    const [simulation] = await admin.limits.simulate(
      { role: 'premium' },
      { gateway: 'ollama', amounts: [{ unit: 'requests', window: 'day', amount: 1 }] },
      { days: 1 },
    )
    expect(simulation?.users).toEqual([
      { username: 'member1000', requests: 2, refused: 1 },
      { username: 'member0', requests: 1, refused: 0 },
    ])
  })
})
