import { beforeEach, expect, test } from 'bun:test'
import { type Admin, createAdmin } from '../../../app/admin.ts'
import { MANAGEMENT_PERMISSIONS } from '../../../app/domain/role.ts'
import type { Gateway } from '../../../app/gateways/gateway.ts'
import { GATEWAYS } from '../../../app/gateways/registry.ts'
import { actorWith } from '../../support/actors.ts'
import { SETTINGS, TESTER, testKeyring } from '../../support/builders.ts'
import { describeSqlite, type TestDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const AMOUNTS = [{ unit: 'requests', window: 'day', amount: 5 }] as const

describeSqlite('a gateway that is added', (openFresh) => {
  let database: TestDatabase
  let admin: Admin

  beforeEach(async () => {
    database = await openFresh()
    const [ollama] = GATEWAYS
    if (!ollama) throw new Error('there is a gateway')
    const added: Gateway = { ...ollama, name: 'added', basePath: '/added' }
    admin = createAdmin({
      ...SETTINGS,
      db: database.db,
      keyring: testKeyring,
      registry: [...GATEWAYS, added],
    })
  })

  test('can be permitted, limited, and be all that a key is for', async () => {
    await admin.roles.create(TESTER, { name: 'team', permissions: ['gateway:added'] })
    await admin.users.create(TESTER, { username: 'anna', roles: ['team'] })
    const scopes = { gateways: ['added'], permissions: ['gateway:added'] }
    expect((await admin.keys.generate(TESTER, 'anna', { scopes })).scopes).toMatchObject(scopes)
    const rules = await admin.limits.set(
      TESTER,
      { user: 'anna' },
      { gateway: 'added', amounts: AMOUNTS },
    )
    expect(rules).toMatchObject([{ gateway: 'added', amount: 5 }])
    expect((await admin.gateways.list()).map(({ path }) => path)).toContain('/added')
    expect(await admin.gateways.metrics(['added'])).toMatchObject([{ requests: 0 }])
  })

  test('is named where a name is none', async () => {
    await admin.users.create(TESTER, { username: 'anna' })
    for (const act of [
      admin.keys.generate(TESTER, 'anna', { scopes: { gateways: ['aded'] } }),
      admin.roles.create(TESTER, { name: 'team', permissions: ['gateway:aded'] }),
      admin.limits.set(TESTER, { user: 'anna' }, { gateway: 'aded', amounts: AMOUNTS }),
      admin.limits.get({ user: 'anna' }, 'aded'),
    ]) {
      expect(await refusalOf(act)).toMatchObject({
        code: 'invalid',
        message: expect.stringMatching(/did you mean (gateway:)?added\?/),
      })
    }
  })

  test('takes nothing away from administrators, who do not have its permission', async () => {
    const root = await actorWith({ db: database.db, admin }, 'root', MANAGEMENT_PERMISSIONS)
    expect(root.principal?.permissions.has('gateway:added')).toBe(false)
    await admin.users.create(TESTER, { username: 'anna' })
    await admin.roles.create(root, { name: 'team', permissions: ['gateway:added'] })
    await admin.roles.grant(root, 'anna', 'team', null)
    await admin.roles.grant(root, 'anna', 'admin', null)
    await admin.roles.grant(root, 'root', 'team', null)
    const almost = MANAGEMENT_PERMISSIONS.filter((name) => name !== 'audit:read')
    const mona = await actorWith({ db: database.db, admin }, 'mona', almost)
    expect((await refusalOf(admin.roles.grant(mona, 'mona', 'team', null)))?.code).toBe('forbidden')
  })
})
