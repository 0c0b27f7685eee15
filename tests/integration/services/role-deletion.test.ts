import { beforeEach, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import type { RoleSettings } from '../../../app/services/role-settings.ts'
import type { Db } from '../../../db/client.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const HOUR_MS = 3_600_000

await describeEachDatabase('a role', (openFresh) => {
  let db: Db
  let admin: Admin

  beforeEach(async () => {
    db = (await openFresh()).db
    admin = testAdmin(db)
  })

  const create = (name: string, settings: RoleSettings = {}) =>
    admin.roles.create(TESTER, { name, ...settings })

  test('is deleted with its limits when nobody has it any more', async () => {
    await create('team', { parent: 'basic', permissions: ['usage:read'], concurrent: 2 })
    await admin.users.create(TESTER, { username: 'anna', roles: ['team'] })
    await admin.users.create(TESTER, { username: 'bob', roles: ['team'] })
    expect(await refusalOf(admin.roles.delete(TESTER, 'team'))).toMatchObject({
      code: 'conflict',
      message: 'anna and 1 more have the role team; take it from them first, or force it',
    })
    await admin.users.delete(TESTER, 'bob')
    expect((await refusalOf(admin.roles.delete(TESTER, 'team')))?.message).toStartWith('anna has')
    await admin.roles.grant(TESTER, 'anna', 'team', Date.now() - HOUR_MS)
    expect((await admin.roles.info('team')).members).toBe(0)
    expect(await admin.roles.delete(TESTER, 'team')).toEqual({ members: [] })
    expect((await refusalOf(admin.roles.info('team')))?.code).toBe('not_found')
    for (const table of ['limits', 'user_roles', 'role_permissions'] as const) {
      const rows: object[] = await db.selectFrom(table).selectAll().execute()
      const left = rows.filter((row) => !/"role-(admin|premium|basic)"/.test(JSON.stringify(row)))
      expect([table, left]).toEqual([table, []])
    }
  })

  test('is taken from its members when that is asked for, and from nobody else', async () => {
    await create('team')
    await admin.users.create(TESTER, { username: 'anna', roles: ['team', 'basic'] })
    expect(await admin.roles.delete(TESTER, 'team', { force: true })).toEqual({ members: ['anna'] })
    expect((await admin.users.info('anna')).roles.map(({ name }) => name)).toEqual(['basic'])
  })

  test('stays when it is built in or another includes it, also by force', async () => {
    await create('a')
    await create('b', { parent: 'a' })
    const refusals = {
      admin: 'built in',
      premium: 'built in',
      basic: 'built in',
      a: 'b includes a',
    }
    for (const [name, message] of Object.entries(refusals)) {
      expect(await refusalOf(admin.roles.delete(TESTER, name, { force: true }))).toMatchObject({
        code: 'conflict',
        message: expect.stringContaining(message),
      })
    }
    expect((await refusalOf(admin.roles.delete(TESTER, 'c')))?.code).toBe('not_found')
    expect(await admin.roles.list()).toHaveLength(5)
  })
})
