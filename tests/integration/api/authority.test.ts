import { expect, test } from 'bun:test'
import { ENDPOINTS } from '../../../app/api/endpoints.ts'
import { callApi, newestEntry } from '../../support/api.ts'
import { describeEachDatabase, describeSqlite } from '../../support/each-database.ts'
import type { TestUser } from '../../support/gateway/people.ts'
import { type Stage, setStage } from '../../support/gateway/stage.ts'

const PASSWORD = 'violet-harbour-9-teapots'
const GATED = ENDPOINTS.filter(({ access }) => typeof access !== 'string')

/** Where rights are looked at before what is asked for: nothing of that name is there. */
const pathOf = (path: string): string => path.replace(/:\w+/g, 'x')

type Ask = readonly [method: string, path: string, body?: object]

await describeEachDatabase('over HTTP', (openFresh) => {
  /** Asks for each of them; the statuses, and what is different of users, roles and keys after. */
  async function tried(stage: Stage, as: TestUser, root: TestUser, asks: readonly Ask[]) {
    const list = async (noun: string) =>
      (await callApi(stage, 'GET', `/admin/${noun}`, { as: root })).data
    // Keys are used meanwhile, and that is noted in its own time.
    const keys = async () => (await list('keys')).map((key) => ({ ...key, last_use: null }))
    const state = async () => [await list('users'), await list('roles'), await keys()]
    const before = await state()
    const statuses: [Ask, number][] = []
    for (const ask of asks) {
      const [method, path, body] = ask
      statuses.push([ask, (await callApi(stage, method, path, { as, body })).status])
    }
    expect(await state()).toEqual(before)
    return statuses
  }

  const refusalsOf = async (stage: Stage, root: TestUser, { username }: TestUser) => {
    const path = `/admin/audit?outcome=refused&actor=user:${username}`
    return (await callApi(stage, 'GET', path, { as: root })).data
  }

  test('a field that nobody can set is a 422, changes nothing and is in the audit log', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const { username, keyId } = stage.user
    const extra = [
      { is_admin: true },
      { role: 'admin' },
      { id: '1' },
      { quota: 9 },
      { owner_id: '1' },
    ]
    const asks = extra.flatMap((more): Ask[] => [
      ['POST', '/admin/users', { username: 'anna', ...more }],
      ['PATCH', `/admin/users/${username}`, { disabled: true, ...more }],
      ['POST', `/admin/users/${username}/keys`, { description: 'x', ...more }],
      ['POST', `/admin/keys/${keyId}/rotate`, more],
      ['POST', '/admin/roles', { name: 'team', ...more }],
      ['PATCH', '/admin/roles/basic', { weight: 1, ...more }],
    ])
    expect(await tried(stage, root, root, asks)).toEqual(asks.map((ask) => [ask, 422]))
    const refused = await refusalsOf(stage, root, root)
    expect(refused).toHaveLength(asks.length)
    expect(refused[0]).toMatchObject({
      action: 'role.update',
      target: '/admin/roles/basic',
      address: '127.0.0.1',
      detail: { code: 'invalid', reason: 'owner_id: there is no such field' },
    })
  })

  test('nobody with a part of the rights makes themselves more', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const permissions = ['users:manage', 'roles:manage']
    const role = await stage.gateway.role({ permissions })
    const manager = await stage.gateway.user({ roles: [role] })
    const { username: me } = manager
    const asks: Ask[] = [
      ['PATCH', `/admin/users/${me}`, { roles: ['admin'] }],
      ['PUT', `/admin/users/${me}/roles/admin`, {}],
      ['PUT', `/admin/users/${me}/roles/${role}`, {}],
      ['PUT', `/admin/users/${stage.user.username}/roles/admin`, {}],
      ['PATCH', `/admin/roles/${role}`, { permissions: [...permissions, 'audit:read'] }],
      ['PATCH', `/admin/roles/${role}`, { parent: 'admin' }],
      ['POST', '/admin/roles', { name: 'team', permissions: ['audit:read'] }],
      ['POST', '/admin/roles', { name: 'team', parent: 'admin' }],
      ['POST', '/admin/users', { username: 'anna', roles: ['admin'] }],
      ['POST', '/admin/invitations', { role: 'admin' }],
      ['POST', `/admin/users/${root.username}/keys`, {}],
      ['POST', `/admin/keys/${root.keyId}/rotate`, {}],
      ['PUT', `/admin/users/${root.username}/password`, { password: PASSWORD }],
      ['PATCH', `/admin/users/${root.username}`, { disabled: true }],
      ['DELETE', `/admin/users/${root.username}`],
      ['DELETE', `/admin/users/${root.username}/sessions`],
      ['DELETE', `/admin/keys/${root.keyId}`],
    ]
    expect(await tried(stage, manager, root, asks)).toEqual(asks.map((ask) => [ask, 403]))
    expect(await refusalsOf(stage, root, manager)).toHaveLength(asks.length)
  })

  test('nobody who sets limits sets their own, of their role or of their key', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const role = await stage.gateway.role({ permissions: ['limits:manage'] })
    const manager = await stage.gateway.user({ roles: [role] })
    const subjects = [{ user: manager.username }, { role }, { key: manager.keyId }]
    const amounts = [{ unit: 'requests', window: 'day', amount: 1_000_000 }]
    const asks = subjects.flatMap((subject): Ask[] => [
      ['PUT', '/admin/limits', { subject, gateway: '*', amounts }],
      ['POST', '/admin/limits/reset-used', { subject, gateway: '*' }],
      ['DELETE', `/admin/limits?${new URLSearchParams(subject)}&gateway=*`],
    ])
    expect(await tried(stage, manager, root, asks)).toEqual(asks.map((ask) => [ask, 403]))
    const other = { subject: { user: stage.user.username }, gateway: '*', amounts }
    const done = await callApi(stage, 'PUT', '/admin/limits', { as: manager, body: other })
    expect(done.status).toBe(200)
  })

  test('the last administrator stays, whoever asks', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const path = `/admin/users/${root.username}`
    const asks: Ask[] = [
      ['DELETE', path],
      ['DELETE', `${path}/roles/admin`],
      ['PATCH', path, { disabled: true }],
    ]
    expect(await tried(stage, root, root, asks)).toEqual(asks.map((ask) => [ask, 409]))
    expect(await newestEntry(stage, root, 'user.delete')).toMatchObject({
      outcome: 'refused',
      target: root.username,
      detail: { code: 'conflict' },
    })
  })
})

describeSqlite('each endpoint of administration', (openFresh) => {
  test('is closed to strangers and to users without its permission', async () => {
    await using stage = await setStage({ database: await openFresh() })
    for (const { method, path } of GATED) {
      const body = ['GET', 'DELETE'].includes(method) ? undefined : {}
      const stranger = await callApi(stage, method, pathOf(path), { as: null, body })
      const user = await callApi(stage, method, pathOf(path), { body })
      expect([method, path, stranger.status, user.status]).toEqual([method, path, 401, 403])
    }
  })

  test('lets nobody in who has all permissions but its own', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const { body } = await callApi(stage, 'GET', '/admin/roles/admin', { as: root })
    const all = body.permissions as string[]
    for (const { method, path, access } of GATED) {
      for (const missing of access) {
        const permissions = all.filter((permission) => permission !== missing)
        const as = await stage.gateway.user({ key: { scopes: { permissions } }, roles: ['admin'] })
        const sent = ['GET', 'DELETE'].includes(method) ? undefined : {}
        const { status } = await callApi(stage, method, pathOf(path), { as, body: sent })
        expect([method, path, missing, status]).toEqual([method, path, missing, 403])
      }
    }
  })
})

await describeEachDatabase('each endpoint of administration that names something', (openFresh) => {
  test('answers what does not exist and what can not be a name with 404', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const named = GATED.filter(({ method, path }) => path.includes(':') && method !== 'PUT')
    for (const { method, path } of named) {
      const body = ['POST', 'PATCH'].includes(method) ? {} : undefined
      for (const name of ['nothing', '%00', '%F0%9F%A6%99', '..%2Fusers', 'x'.repeat(300)]) {
        const query = path.endsWith('/model-mappings') ? '?alias=gpt-4' : ''
        const asked = path.replace(/:\w+/g, name) + query
        const { status } = await callApi(stage, method, asked, { as: root, body })
        expect([method, asked, status]).toEqual([method, asked, 404])
      }
    }
  })
})
