import { beforeEach, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import type { RoleSettings } from '../../../app/services/role-settings.ts'
import type { Db } from '../../../db/client.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

await describeEachDatabase('a role', (openFresh) => {
  let db: Db
  let admin: Admin

  beforeEach(async () => {
    db = (await openFresh()).db
    admin = testAdmin(db)
    await admin.users.create(TESTER, { username: 'root', roles: ['admin'] })
  })

  const create = (name: string, settings: RoleSettings = {}) =>
    admin.roles.create(TESTER, { name, ...settings })
  const update = (name: string, settings: RoleSettings) =>
    admin.roles.update(TESTER, name, settings)

  test('is created with what it has of its own, beside what it includes', async () => {
    const team = await create('team', {
      parent: 'basic',
      description: 'Those in room 7',
      permissions: ['usage:read', 'gateway:openai', 'usage:read'],
      models: ['Qwen3*', 'qwen3*'],
      weight: 200,
      priority: 'high',
      concurrent: 4,
    })
    expect(team).toEqual({
      name: 'team',
      parent: 'basic',
      description: 'Those in room 7',
      permissions: ['gateway:openai', 'usage:read', 'gateway:ollama'],
      ownPermissions: ['gateway:openai', 'usage:read'],
      models: ['qwen3*', '*'],
      ownModels: ['qwen3*'],
      weight: 200,
      ownWeight: 200,
      priority: 'high',
      ownPriority: 'high',
      concurrent: 4,
      ownConcurrent: 4,
      builtIn: false,
      members: 0,
    })
    expect(await admin.roles.info('team')).toEqual(team)
    expect(await admin.roles.list()).toContainEqual(team)
  })

  test('without any settings permits nothing, with a normal share', async () => {
    expect(await create('bare')).toMatchObject({
      parent: null,
      permissions: [],
      models: [],
      weight: 100,
      ownWeight: null,
      priority: 'normal',
      ownPriority: null,
      concurrent: null,
    })
  })

  test('takes weight and priority from the nearest that it includes, and the largest cap', async () => {
    await create('top', { weight: 10, priority: 'low', concurrent: 9 })
    await create('middle', { parent: 'top', priority: 'high' })
    const bottom = await create('bottom', { parent: 'middle', weight: 30, concurrent: 2 })
    expect(bottom).toMatchObject({ weight: 30, priority: 'high', concurrent: 9, ownConcurrent: 2 })
    expect(bottom).toMatchObject({ ownPriority: null })
    const cleared = { weight: null, concurrent: null, parent: 'top' }
    expect(await update('bottom', cleared)).toMatchObject({
      weight: 10,
      priority: 'low',
      concurrent: 9,
      ownConcurrent: null,
    })
    expect(await update('bottom', { parent: null })).toMatchObject({
      parent: null,
      weight: 100,
      priority: 'normal',
      concurrent: null,
    })
  })

  test('keeps what an update does not name', async () => {
    const settings = { parent: 'basic', permissions: ['usage:read'], models: ['a*'], weight: 5 }
    const before = await create('team', settings)
    const after = await update('team', { description: 'x' })
    expect(after).toEqual({ ...before, description: 'x' })
    expect(await update('team', {})).toEqual(after)
    expect(await update('team', { permissions: [], models: [] })).toMatchObject({
      ownPermissions: [],
      ownModels: [],
      permissions: ['gateway:ollama'],
    })
  })

  test('has its cap as one limit, that holds for its members and can be set as a limit too', async () => {
    await create('team', { parent: 'basic', concurrent: 4 })
    const rules = () => db.selectFrom('limits').selectAll().execute()
    const [first] = await rules()
    expect(first).toMatchObject({ subject_kind: 'role', gateway: '*', model: '*', amount: 4 })
    await update('team', { concurrent: 5 })
    const amounts = [{ unit: 'concurrent-requests' as const, window: 'now' as const, amount: 6 }]
    await admin.limits.set(TESTER, { role: 'team' }, { gateway: '*', amounts })
    expect(await rules()).toMatchObject([{ id: first?.id, amount: 6 }])
    expect((await admin.roles.info('team')).concurrent).toBe(6)
    await admin.users.create(TESTER, { username: 'anna', roles: ['team'] })
    expect((await admin.limits.get({ user: 'anna' })).limits).toMatchObject([
      { unit: 'concurrent-requests', limit: 6, role: 'team' },
    ])

    const others = { gateway: '*', amounts, shadow: true }
    await admin.limits.set(TESTER, { role: 'team' }, others)
    await admin.limits.set(TESTER, { role: 'team' }, { ...others, shadow: false, shared: true })
    await update('team', { concurrent: null })
    expect((await rules()).map(({ shadow, shared }) => [shadow, shared])).toEqual([
      [1, 0],
      [0, 1],
    ])
    expect((await admin.roles.info('team')).concurrent).toBeNull()
  })

  test.each<[RoleSettings, RegExp]>([
    [
      { permissions: ['usage:raed'] },
      /no permission "usage:raed", did you mean usage:read\? .*cloud:use/,
    ],
    [{ permissions: ['*'] }, /no permission "\*"/],
    [{ models: ['no name'] }, /neither a model name nor a pattern/],
    [{ models: Array(1001).fill('x') }, /at most 1000 models/],
    [{ weight: 0 }, /from 1 to 1000/],
    [{ weight: 1001 }, /from 1 to 1000/],
    [{ weight: 1.5 }, /whole number/],
    [{ weight: Number.NaN }, /whole number/],
    [{ priority: 'urgent' }, /low, normal, high, not "urgent"/],
    [{ concurrent: 0 }, /from 1 to 1000000/],
    [{ description: 'a\nb' }, /no control characters/],
    [{ description: 'x'.repeat(201) }, /at most 200/],
  ])('is not made with %j, and none is changed', async (settings, message) => {
    const before = await admin.roles.list()
    for (const act of [() => create('team', settings), () => update('basic', settings)]) {
      expect(await refusalOf(act())).toMatchObject({
        code: 'invalid',
        message: expect.stringMatching(message),
      })
    }
    expect(await admin.roles.list()).toEqual(before)
  })

  test('has a name of 1 to 32 of a few characters, that nobody else has', async () => {
    for (const name of ['a', 'a-b_c9', `a${'x'.repeat(31)}`]) await create(name)
    const bad = ['', 'A', '9a', '_a', 'a b', 'a.b', 'a\n', `a${'x'.repeat(32)}`, 'ä', '*', "a'"]
    for (const name of bad) {
      expect([name, (await refusalOf(create(name)))?.code]).toEqual([name, 'invalid'])
    }
    for (const name of ['a', 'admin']) {
      expect(await refusalOf(create(name))).toMatchObject({
        code: 'conflict',
        message: `there is a role "${name}" already`,
      })
    }
  })

  test('is found page by page, each once, in the order of the names', async () => {
    for (const name of ['a-b', 'a_b', 'ab', 'zz']) await create(name)
    const names: string[] = []
    let after: string | null = null
    do {
      const page = await admin.roles.page({ after, limit: 3 })
      names.push(...page.rows.map(({ name }) => name))
      after = page.next
    } while (after !== null)
    expect(names).toEqual(['a-b', 'a_b', 'ab', 'admin', 'basic', 'premium', 'zz'])
    expect(await admin.roles.page({ after: 'zz', limit: 3 })).toEqual({ rows: [], next: null })
    expect((await admin.roles.page({ after: null, limit: 7 })).next).toBeNull()
  })
})
