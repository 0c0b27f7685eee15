import { beforeEach, describe, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import type { Actor } from '../../../app/services/actor.ts'
import type { Proposal } from '../../../app/services/limit-proposal.ts'
import { actorOf, actorWith } from '../../support/actors.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const PASSWORD = 'violet-harbour-9-teapots'
const AMOUNTS: Proposal = {
  gateway: '*',
  amounts: [{ unit: 'requests', window: 'hour', amount: 1_000_000 }],
}

/** Somebody who may manage users, roles and limits, and use Ollama, and nothing else. */
const MANAGER = ['users:manage', 'roles:manage', 'limits:manage']

type Attempt = (admin: Admin, actor: Actor) => Promise<unknown>

/** What a manager may not do; `mona` is themselves, `root` an administrator, `anna` has the role basic. */
const FORBIDDEN: Record<string, Attempt> = {
  'make a role that may do more': ({ roles }, actor) =>
    roles.create(actor, { name: 'spy', permissions: ['audit:read'] }),
  'make a role that includes one that may do more': ({ roles }, actor) =>
    roles.create(actor, { name: 'spy', parent: 'premium' }),
  'give a role more': ({ roles }, actor) =>
    roles.update(actor, 'other', { permissions: ['audit:read'] }),
  'put a role over one that may do more': ({ roles }, actor) =>
    roles.update(actor, 'other', { parent: 'admin' }),
  'change a role that may do more': ({ roles }, actor) =>
    roles.update(actor, 'premium', { weight: 1 }),
  'delete a role that may do more': ({ roles }, actor) => roles.delete(actor, 'spare'),
  'change their own role': ({ roles }, actor) =>
    roles.update(actor, 'mona-role', { models: ['*'] }),
  'give their own role more weight': ({ roles }, actor) =>
    roles.update(actor, 'mona-role', { weight: 1000 }),
  'change a role that theirs includes': ({ roles }, actor) =>
    roles.update(actor, 'basic', { concurrent: 1000 }),
  'grant a role that may do more': ({ roles }, actor) =>
    roles.grant(actor, 'anna', 'premium', null),
  'grant the role admin': ({ roles }, actor) => roles.grant(actor, 'anna', 'admin', 9e12),
  'grant a role to themselves': ({ roles }, actor) => roles.grant(actor, 'mona', 'other', null),
  'make their own role last': ({ roles }, actor) => roles.grant(actor, 'mona', 'mona-role', null),
  'take a role from one who may do more': ({ roles }, actor) =>
    roles.revoke(actor, 'root', 'admin'),
  'create a user who may do more': ({ users }, actor) =>
    users.create(actor, { username: 'accomplice', roles: ['basic', 'premium'] }),
  'create an administrator': ({ users }, actor) =>
    users.create(actor, { username: 'accomplice', roles: ['admin'], password: PASSWORD }),
  'give a user roles that may do more': ({ users }, actor) =>
    users.update(actor, 'anna', { roles: ['premium'] }),
  'make a user an administrator': ({ users }, actor) =>
    users.update(actor, 'anna', { admin: true }),
  'make themselves an administrator': ({ users }, actor) =>
    users.update(actor, 'mona', { admin: true }),
  'give themselves other roles': ({ users }, actor) =>
    users.update(actor, 'mona', { roles: ['other'] }),
  'disable one who may do more': ({ users }, actor) =>
    users.update(actor, 'root', { disabled: true }),
  'delete one who may do more': ({ users }, actor) => users.delete(actor, 'root'),
  'set the password of one who may do more': ({ users }, actor) =>
    users.setPassword(actor, 'root', PASSWORD),
  'change their own limits': ({ limits }, actor) => limits.set(actor, { user: 'MONA' }, AMOUNTS),
  'change the limits of their own key': ({ limits }, actor) =>
    limits.set(actor, { key: actor.principal?.keyId ?? '' }, AMOUNTS),
  'change the limits of their role': ({ limits }, actor) =>
    limits.set(actor, { role: 'mona-role' }, AMOUNTS),
  'change the limits of a role that theirs includes': ({ limits }, actor) =>
    limits.set(actor, { role: 'basic' }, AMOUNTS),
  'remove their own limits': ({ limits }, actor) =>
    limits.reset(actor, { user: 'mona' }, { gateway: '*' }),
  'remove the limits of their role': ({ limits }, actor) =>
    limits.reset(actor, { role: 'basic' }, { gateway: '*' }),
  'have back what they have used': ({ limits }, actor) =>
    limits.resetUsed(actor, { user: 'mona' }, { gateway: '*' }),
}

/** What a manager may do, so that the refusals above are not those of everything. */
const ALLOWED: Record<string, Attempt> = {
  'make a role with what they have': ({ roles }, actor) =>
    roles.create(actor, { name: 'helper', parent: 'basic', permissions: ['users:manage'] }),
  'change another role': ({ roles }, actor) => roles.update(actor, 'other', { weight: 3 }),
  'delete another role': ({ roles }, actor) => roles.delete(actor, 'other'),
  'grant what they have': ({ roles }, actor) => roles.grant(actor, 'anna', 'mona-role', null),
  'give up their own role': ({ roles }, actor) => roles.revoke(actor, 'mona', 'mona-role'),
  'create a user': ({ users }, actor) => users.create(actor, { username: 'bob' }),
  'disable a user': ({ users }, actor) => users.update(actor, 'anna', { disabled: true }),
  'set a password': ({ users }, actor) => users.setPassword(actor, 'anna', PASSWORD),
  'delete a user': ({ users }, actor) => users.delete(actor, 'anna'),
  'set limits of another': ({ limits }, actor) => limits.set(actor, { user: 'anna' }, AMOUNTS),
  'set limits of another role': ({ limits }, actor) =>
    limits.set(actor, { role: 'other' }, AMOUNTS),
}

await describeEachDatabase('somebody who may do much, but not everything,', (openFresh) => {
  let database: TestDatabase
  let admin: Admin
  let mona: Actor

  beforeEach(async () => {
    database = await openFresh()
    admin = testAdmin(database.db)
    await admin.users.create(TESTER, { username: 'root', roles: ['admin'] })
    await admin.users.create(TESTER, { username: 'anna' })
    await admin.roles.create(TESTER, { name: 'other', permissions: ['gateway:ollama'] })
    await admin.roles.create(TESTER, { name: 'spare', permissions: ['cloud:use'] })
    mona = await actorWith({ db: database.db, admin }, 'mona', MANAGER)
    for (const subject of [{ user: 'mona' }, { role: 'basic' }]) {
      await admin.limits.set(TESTER, subject, { ...AMOUNTS, gateway: 'ollama' })
    }
  })

  const state = async (): Promise<unknown> => [
    await admin.users.list(),
    await admin.roles.list(),
    await database.db.selectFrom('limits').selectAll().orderBy('id').execute(),
    await database.db.selectFrom('revision').selectAll().execute(),
  ]
  const entries = async () => [...(await admin.audit.page({ after: null, limit: 200 })).rows]

  describe('may not', () => {
    test.each(Object.entries(FORBIDDEN))('%s; it is noted, and nothing changes', async (_, act) => {
      const [before, noted] = [await state(), await entries()]
      expect(await refusalOf(act(admin, mona))).toMatchObject({ code: 'forbidden' })
      expect(await state()).toEqual(before)
      const [refusal, ...others] = await entries()
      expect(others).toEqual(noted)
      expect(refusal).toMatchObject({
        actor: 'user:mona',
        address: '192.0.2.7',
        requestId: 'request-1',
        outcome: 'refused',
        detail: { code: 'forbidden' },
      })
    })
  })

  describe('may', () => {
    test.each(Object.entries(ALLOWED))('%s', async (_, act) => {
      expect(await refusalOf(act(admin, mona))).toBeNull()
      expect((await entries())[0]).toMatchObject({ actor: 'user:mona', outcome: 'done' })
    })
  })

  test('is told apart from an administrator, who may do all of it', async () => {
    await admin.users.create(TESTER, { username: 'chief', roles: ['admin'] })
    const chief = await actorOf({ db: database.db, admin }, 'chief')
    const { roles, users, limits } = admin
    await roles.create(chief, { name: 'spy', permissions: ['audit:read'] })
    await roles.update(chief, 'admin', { weight: 500 })
    await roles.grant(chief, 'chief', 'spy', null)
    await users.update(chief, 'anna', { admin: true })
    await users.setPassword(chief, 'root', PASSWORD)
    await limits.set(chief, { user: 'chief' }, AMOUNTS)
    await users.delete(chief, 'root')
    expect((await entries()).slice(0, 7).map(({ outcome }) => outcome)).not.toContain('refused')
  })

  test('is what an administrator is with a key that is restricted', async () => {
    const world = { db: database.db, admin }
    const scopes = { gateways: [], models: [], addresses: [], permissions: MANAGER }
    const restricted = await actorOf(world, 'root', { scopes })
    const { roles, users, limits } = admin
    for (const act of [
      () => users.setPassword(restricted, 'root', PASSWORD),
      () => users.update(restricted, 'anna', { admin: true }),
      () => roles.update(restricted, 'admin', { weight: 500 }),
      () => roles.grant(restricted, 'root', 'other', null),
      () => limits.set(restricted, { user: 'root' }, AMOUNTS),
    ]) {
      expect((await refusalOf(act()))?.code).toBe('forbidden')
    }
  })

  test('has no rights by a role that has expired, and nor has whom they act on', async () => {
    const temporary = { name: 'temporary', permissions: ['cloud:use'] }
    await admin.roles.create(TESTER, temporary)
    await admin.roles.grant(TESTER, 'anna', 'temporary', Date.now() - 1)
    expect(await refusalOf(admin.users.setPassword(mona, 'anna', PASSWORD))).toBeNull()
    await admin.roles.grant(TESTER, 'anna', 'temporary', Date.now() + 60_000)
    expect((await refusalOf(admin.users.setPassword(mona, 'anna', PASSWORD)))?.code).toBe(
      'forbidden',
    )
  })
})
