import { beforeEach, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import type { Db } from '../../../db/client.ts'
import { readRevision } from '../../../db/queries/revision.ts'
import { TESTER, testAdmin, testKeyring } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const PASSWORD = 'violet-harbour-9-teapots'

/** Every change there is, in an order in which each can be made, and whom or what it is about. */
const CHANGES: [action: string, target: string, act: (admin: Admin) => Promise<unknown>][] = [
  [
    'user.create',
    'anna',
    ({ users }) => users.create(TESTER, { username: 'Anna', password: PASSWORD }),
  ],
  ['user.password', 'anna', ({ users }) => users.setPassword(TESTER, 'ANNA', `${PASSWORD}-2`)],
  ['user.update', 'anna', ({ users }) => users.update(TESTER, 'ANNA', { disabled: true })],
  ['user.update', 'anna', ({ users }) => users.update(TESTER, 'anna', { roles: ['premium'] })],
  ['role.grant', 'anna', ({ roles }) => roles.grant(TESTER, 'ANNA', 'admin', null)],
  ['role.revoke', 'anna', ({ roles }) => roles.revoke(TESTER, 'anna', 'premium')],
  ['role.update', 'basic', ({ roles }) => roles.update(TESTER, 'basic', { models: ['llama3*'] })],
  ['role.create', 'team', ({ roles }) => roles.create(TESTER, { name: 'team', weight: 7 })],
  ['role.grant', 'anna', ({ roles }) => roles.grant(TESTER, 'anna', 'team', null)],
  ['role.delete', 'team', ({ roles }) => roles.delete(TESTER, 'team', { force: true })],
  ['user.delete', 'anna', ({ users }) => users.delete(TESTER, 'ANNA')],
]

await describeEachDatabase('a change', (openFresh) => {
  let db: Db
  let admin: Admin

  beforeEach(async () => {
    db = (await openFresh()).db
    admin = testAdmin(db)
    await admin.users.create(TESTER, { username: 'root', roles: ['admin'] })
  })

  /** What the act added to the revision, to the announcements and to the audit log. */
  async function traceOf(act: () => Promise<unknown>) {
    const before = { revision: await readRevision(db), entries: await entries() }
    const result = await act()
    return {
      result,
      raised: (await readRevision(db)) - before.revision,
      entries: (await entries()).slice(before.entries.length),
    }
  }

  const entries = () => db.selectFrom('audit_log').selectAll().orderBy('id').execute()

  test('raises the revision by one and leaves one audit entry', async () => {
    const startedAt = Date.now()
    for (const [action, target, act] of CHANGES) {
      const trace = await traceOf(() => act(admin))
      expect([action, trace.raised, trace.entries.length]).toEqual([action, 1, 1])
      expect(trace.entries[0]).toMatchObject({
        actor: TESTER.name,
        address: TESTER.address,
        request_id: null,
        action,
        target,
        outcome: 'done',
      })
      expect(trace.entries[0]?.at).toBeWithin(startedAt, Date.now() + 1)
    }
  })

  test('of a key raises and notes the same, once for each key', async () => {
    const made = await traceOf(() => admin.keys.generate(TESTER, 'ROOT', { description: 'x' }))
    const { id, key } = made.result as { id: string; key: string }
    expect(made).toMatchObject({ raised: 1 })
    expect(made.entries).toMatchObject([{ action: 'key.generate', target: id }])
    const revoked = await traceOf(() => admin.keys.revoke(TESTER, key))
    expect(revoked).toMatchObject({ raised: 1 })
    expect(revoked.entries).toMatchObject([{ action: 'key.revoke', target: id }])
    const again = await traceOf(() => admin.keys.revoke(TESTER, key))
    expect(again).toMatchObject({ raised: 0, entries: [] })
  })

  test('never writes a password, a hash, a key or its digest into the audit log', async () => {
    const { key } = await admin.keys.generate(TESTER, 'root')
    await admin.users.setPassword(TESTER, 'root', PASSWORD)
    for (const [, , act] of CHANGES) await act(admin)
    await admin.keys.revoke(TESTER, key)
    const log = JSON.stringify(await entries())
    for (const secret of [PASSWORD, 'argon2', key, key.slice(14), testKeyring.digest(key)]) {
      expect(log).not.toContain(secret)
    }
  })

  test('that makes no sense raises nothing and leaves no entry', async () => {
    const mistakes = [
      () => admin.users.create(TESTER, { username: 'bad name' }),
      () => admin.users.create(TESTER, { username: 'anna', roles: ['nothing'] }),
      () => admin.users.update(TESTER, 'root', { roles: ['nothing'] }),
      () => admin.users.setPassword(TESTER, 'root', 'short'),
      () => admin.roles.revoke(TESTER, 'root', 'basic'),
      () => admin.roles.create(TESTER, { name: 'Bad name' }),
      () => admin.roles.update(TESTER, 'basic', { models: ['no name'] }),
      () => admin.keys.generate(TESTER, 'nobody'),
      () => admin.keys.revoke(TESTER, 'nothing'),
    ]
    const trace = await traceOf(async () => {
      for (const act of mistakes) expect(await refusalOf(act())).not.toBeNull()
    })
    expect(trace).toMatchObject({ raised: 0, entries: [] })
  })

  test('that is refused raises nothing and leaves one entry, with the reason', async () => {
    const refused: [action: string, target: string, act: () => Promise<unknown>][] = [
      ['user.create', 'root', () => admin.users.create(TESTER, { username: 'ROOT' })],
      ['user.delete', 'root', () => admin.users.delete(TESTER, 'root')],
      ['role.create', 'basic', () => admin.roles.create(TESTER, { name: 'basic' })],
      ['role.delete', 'basic', () => admin.roles.delete(TESTER, 'basic')],
      ['role.update', 'admin', () => admin.roles.update(TESTER, 'admin', { parent: null })],
    ]
    for (const [action, target, act] of refused) {
      const trace = await traceOf(() => refusalOf(act()))
      const reason = (trace.result as Error | null)?.message
      expect(reason).toBeString()
      expect(trace).toMatchObject({
        raised: 0,
        entries: [{ action, target, actor: TESTER.name, outcome: 'refused' }],
      })
      expect(JSON.parse(trace.entries[0]?.detail ?? '')).toEqual({ code: 'conflict', reason })
    }
  })

  test('tells from and to: the roles and the state before and after', async () => {
    await admin.users.create(TESTER, { username: 'anna' })
    const { entries: noted } = await traceOf(() =>
      admin.users.update(TESTER, 'anna', { roles: ['premium'], disabled: true }),
    )
    expect(JSON.parse(noted[0]?.detail ?? '')).toMatchObject({
      before: { disabled: false, roles: [{ name: 'basic' }] },
      after: { disabled: true, roles: [{ name: 'premium' }] },
    })
  })

  test('tells what was before and is after, of each thing that was changed and of no other', async () => {
    await admin.users.create(TESTER, { username: 'anna' })
    await admin.roles.create(TESTER, { name: 'team', permissions: ['usage:read'] })
    const detailOf = async (act: () => Promise<unknown>): Promise<unknown> =>
      JSON.parse((await traceOf(act)).entries[0]?.detail ?? '')
    const { roles, users, limits } = admin
    const team = { parent: 'basic', weight: 9, permissions: ['usage:read', 'audit:read'] }
    expect(await detailOf(() => roles.update(TESTER, 'team', team))).toEqual({
      before: { parent: null, weight: null, permissions: ['usage:read'] },
      after: { parent: 'basic', weight: 9, permissions: ['audit:read', 'usage:read'] },
    })
    expect(await detailOf(() => roles.update(TESTER, 'team', { concurrent: 3 }))).toEqual({
      before: { concurrent: null },
      after: { concurrent: 3 },
    })
    expect(await detailOf(() => roles.grant(TESTER, 'anna', 'team', 5e12))).toEqual({
      role: 'team',
      before: null,
      after: { expiresAt: 5e12 },
    })
    expect(await detailOf(() => roles.grant(TESTER, 'anna', 'team', null))).toMatchObject({
      before: { expiresAt: 5e12 },
      after: { expiresAt: null },
    })
    expect(await detailOf(() => roles.delete(TESTER, 'team', { force: true }))).toMatchObject({
      before: { parent: 'basic', weight: 9, concurrent: 3 },
      after: null,
      members: ['anna'],
    })
    const amounts = (amount: number) => ({
      gateway: '*',
      amounts: [{ unit: 'requests' as const, window: 'hour' as const, amount }],
    })
    await limits.set(TESTER, { user: 'anna' }, amounts(1))
    expect(await detailOf(() => limits.set(TESTER, { user: 'anna' }, amounts(2)))).toMatchObject({
      rules: [{ before: 1, amount: 2 }],
    })
    expect(
      await detailOf(() => limits.reset(TESTER, { user: 'anna' }, { gateway: '*' })),
    ).toMatchObject({ rules: [{ amount: 2 }] })
    expect(await detailOf(() => users.delete(TESTER, 'anna'))).toMatchObject({
      before: { disabled: false, roles: [{ name: 'basic' }] },
      after: null,
    })
  })

  test('among fifty at once is counted like the others', async () => {
    const trace = await traceOf(() =>
      Promise.all(Array.from({ length: 50 }, () => admin.keys.generate(TESTER, 'root'))),
    )
    expect(trace).toMatchObject({ raised: 50 })
    expect(trace.entries).toHaveLength(50)
    expect(await admin.keys.list()).toHaveLength(50)
  })
})
