import { beforeEach, describe, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import type { Actor } from '../../../app/services/actor.ts'
import type { RoleSettings } from '../../../app/services/role-settings.ts'
import { actorOf } from '../../support/actors.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeSqlite, type TestDatabase } from '../../support/each-database.ts'
import { PERMISSIONS } from '../../support/permissions.ts'
import { refusalOf } from '../../support/refusal.ts'

const PASSWORD = 'violet-harbour-9-teapots'

/** What mona has. */
const OWN = {
  permissions: ['users:manage', 'roles:manage', 'gateway:ollama'],
  models: ['llama3*', 'qwen3:8b', '*:1b'],
  weight: 200,
}

/** Roles with something that mona does not have. */
const BEYOND: Record<string, RoleSettings> = {
  'a permission': { permissions: ['audit:read'] },
  'all models': { models: ['*'] },
  'more models': { models: ['llama3*', 'llama*'] },
  'a pattern that is none of theirs, even if it matches less': { models: ['llama3.2*'] },
  'another model': { models: ['mistral'] },
  'another tag': { models: ['qwen3'] },
  'more weight': { weight: 201 },
  'a higher priority': { priority: 'high' },
  'a role that has more': { parent: 'basic' },
}

/** Roles with nothing but what mona has. */
const WITHIN: Record<string, RoleSettings> = {
  nothing: {},
  'the same': OWN,
  'models of theirs': { models: ['llama3', 'llama3.2:70b', 'library/qwen3:8b', 'mistral:1b'] },
  'a lower priority': { priority: 'low' },
}

type Attempt = (admin: Admin, actor: Actor, settings: RoleSettings) => Promise<unknown>

/** Everything that gives a role, or makes it: `more` has these settings, `other` none. */
const GIVING: Record<string, Attempt> = {
  'make it': ({ roles }, actor, settings) => roles.create(actor, { name: 'new', ...settings }),
  'make another the same': ({ roles }, actor, settings) => roles.update(actor, 'other', settings),
  'put another over it': ({ roles }, actor) => roles.update(actor, 'other', { parent: 'more' }),
  'change it': ({ roles }, actor) => roles.update(actor, 'more', { description: 'x' }),
  'delete it': ({ roles }, actor) => roles.delete(actor, 'more'),
  'grant it': ({ roles }, actor) => roles.grant(actor, 'anna', 'more', null),
  'create a user with it': ({ users }, actor) =>
    users.create(actor, { username: 'puppet', roles: ['more'], password: PASSWORD }),
  'give it to a user': ({ users }, actor) => users.update(actor, 'anna', { roles: ['more'] }),
  'invite to it': ({ registration }, actor) => registration.invite(actor, { role: 'more' }),
  'take back an invitation to it': async ({ registration }, actor) => {
    const { id } = await registration.invite(TESTER, { role: 'more' })
    await registration.withdraw(actor, id)
  },
}

describeSqlite('somebody who gives roles', (openFresh) => {
  let database: TestDatabase
  let admin: Admin

  beforeEach(async () => {
    database = await openFresh()
    admin = testAdmin(database.db)
    await admin.users.create(TESTER, { username: 'root', roles: ['admin'] })
    for (const name of ['other', 'none']) await admin.roles.create(TESTER, { name })
    await admin.users.create(TESTER, { username: 'anna', roles: ['none'] })
    await admin.roles.create(TESTER, { name: 'small', ...OWN })
    await admin.users.create(TESTER, { username: 'mona', roles: ['none', 'small'] })
  })

  const actor = (username: string, scopes = {}) =>
    actorOf({ db: database.db, admin }, username, { scopes })
  const newest = async () => (await admin.audit.page({ after: null, limit: 1 })).rows[0]

  describe.each(Object.entries(BEYOND))('gives no role with %s:', (_, settings) => {
    test.each(Object.entries(GIVING))('they may not %s', async (_, act) => {
      await admin.roles.create(TESTER, { name: 'more', ...settings })
      const mona = await actor('mona')
      expect(await refusalOf(act(admin, mona, settings))).toMatchObject({
        code: 'forbidden',
        message: expect.stringContaining('you do not have yourself'),
      })
      expect(await newest()).toMatchObject({ actor: 'user:mona', outcome: 'refused' })
    })
  })

  describe.each(Object.entries(WITHIN))('gives a role with %s:', (_, settings) => {
    test.each(Object.entries(GIVING))('they may %s', async (_, act) => {
      await admin.roles.create(TESTER, { name: 'more', ...settings })
      expect(await refusalOf(act(admin, await actor('mona'), settings))).toBeNull()
    })
  })

  test('and may do everything gives everything, with however little weight', async () => {
    const more = { models: ['*'], weight: 1000, priority: 'high' }
    await admin.roles.update(TESTER, 'admin', { weight: 1, priority: 'low' })
    for (const [what, act] of Object.entries(GIVING)) {
      await admin.roles.create(TESTER, { name: 'more', ...more })
      const name = `root-${Object.keys(GIVING).indexOf(what)}`
      await admin.users.create(TESTER, { username: name, roles: ['admin'] })
      expect([what, await refusalOf(act(admin, await actor(name), more))]).toEqual([what, null])
      await admin.roles.update(TESTER, 'other', { parent: null })
      for (const made of await admin.roles.list()) {
        if (['new', 'more'].includes(made.name))
          await admin.roles.delete(TESTER, made.name, { force: true })
      }
    }
  })

  test.each([
    ['to a model', { models: ['llama3*'], permissions: [...PERMISSIONS] }],
    ['to addresses', { addresses: ['192.0.2.0/24'] }],
    ['to permissions', { permissions: [...PERMISSIONS] }],
  ])('makes no way in with a key that is restricted %s', async (_, scopes) => {
    const { users, roles, registration, keys } = admin
    await users.setPassword(TESTER, 'root', PASSWORD)
    const root = await actor('root', scopes)
    for (const act of [
      () => users.setPassword(root, 'root', `${PASSWORD}, and more`),
      () => users.setPassword(root, 'anna', PASSWORD),
      () => users.changePassword(root, 'root', PASSWORD, `${PASSWORD}, and more`),
      () => users.create(root, { username: 'puppet', roles: ['admin'], password: PASSWORD }),
      () => users.create(root, { username: 'puppet' }),
      () => users.update(root, 'anna', { admin: true }),
      () => users.update(root, 'anna', { roles: ['small'] }),
      () => roles.grant(root, 'anna', 'admin', null),
      () => roles.create(root, { name: 'new' }),
      () => roles.update(root, 'small', { description: 'x' }),
      () => registration.invite(root),
      () => keys.generate(root, 'root'),
    ]) {
      expect(await refusalOf(act())).toMatchObject({
        code: 'forbidden',
        message: expect.stringContaining('yours is restricted'),
      })
      expect(await newest()).toMatchObject({ actor: 'user:root', outcome: 'refused' })
    }
    await users.update(root, 'anna', { disabled: true })
    const { id } = await keys.rotate(root, root.principal?.keyId ?? '')
    expect((await keys.inspect(id)).username).toBe('root')
    await keys.revoke(root, root.principal?.keyId ?? '')
  })

  test('but may not do everything ends nobody else by new signing keys', async () => {
    await admin.signingKeys.ensure()
    const mona = await actor('mona')
    const before = await admin.signingKeys.list()
    for (const revokeOld of [true, false]) {
      const refusal = await refusalOf(admin.signingKeys.rotate(mona, { revokeOld }))
      expect(refusal).toMatchObject({
        code: 'forbidden',
        message: expect.stringContaining('who may do everything'),
      })
    }
    expect(await admin.signingKeys.list()).toEqual(before)
    await admin.signingKeys.rotate(await actor('root'), { revokeOld: true })
    expect(await admin.signingKeys.list()).not.toEqual(before)
  })
})
