import { beforeEach, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import type { RoleSettings } from '../../../app/services/role-settings.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { PERMISSIONS } from '../../support/permissions.ts'
import { refusalOf } from '../../support/refusal.ts'

await describeEachDatabase('a role', (openFresh) => {
  let admin: Admin

  beforeEach(async () => {
    admin = testAdmin((await openFresh()).db)
  })

  const create = (name: string, settings: RoleSettings = {}) =>
    admin.roles.create(TESTER, { name, ...settings })
  const update = (name: string, settings: RoleSettings) =>
    admin.roles.update(TESTER, name, settings)

  test('never includes itself, not by way of others either', async () => {
    await create('a')
    await create('b', { parent: 'a' })
    await create('c', { parent: 'b' })
    const before = await admin.roles.list()
    expect(await refusalOf(update('a', { parent: 'c' }))).toMatchObject({
      code: 'conflict',
      message: 'the role a would include itself: a → c → b → a',
    })
    expect((await refusalOf(update('a', { parent: 'a' })))?.message).toEndWith('itself: a → a')
    expect((await refusalOf(update('a', { parent: 'nothing' })))?.code).toBe('not_found')
    expect((await refusalOf(update('nothing', { parent: 'a' })))?.code).toBe('not_found')
    expect(await admin.roles.list()).toEqual(before)
    expect((await update('c', { parent: 'a' })).parent).toBe('a')
  })

  test('named admin keeps every permission, whatever is done to it and what it includes', async () => {
    const before = await admin.roles.list()
    for (const [name, settings] of [
      ['admin', { parent: null }],
      ['admin', { parent: 'basic' }],
      ['admin', { permissions: ['users:manage'] }],
      ['premium', { parent: null }],
      ['basic', { permissions: [] }],
    ] as const) {
      expect(await refusalOf(update(name, settings))).toMatchObject({
        code: 'conflict',
        message: expect.stringContaining('the role admin would lose'),
      })
    }
    expect(await admin.roles.list()).toEqual(before)
    await update('admin', { permissions: PERMISSIONS })
    expect((await update('admin', { parent: null, weight: 300 })).weight).toBe(300)
    expect((await update('basic', { permissions: [] })).permissions).toEqual([])
  })
})
