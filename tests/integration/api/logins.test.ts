import { expect, test } from 'bun:test'
import { callApi, newestEntry } from '../../support/api.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { type Stage, setStage } from '../../support/gateway/stage.ts'

const PASSWORD = 'violet-harbour-9-teapots'

await describeEachDatabase('an administrator, over HTTP,', (openFresh) => {
  /** Logs the stage's user in; as whoever calls with the access token. */
  async function logIn(stage: Stage): Promise<{ key: string; refreshToken: string }> {
    const { username } = stage.user
    const { body } = await callApi(stage, 'POST', '/auth/login', {
      as: null,
      body: { username, password: PASSWORD },
      headers: { 'user-agent': 'browser/1' },
    })
    return { key: String(body.access_token), refreshToken: String(body.refresh_token) }
  }

  async function stageWithPassword(): Promise<Stage> {
    const stage = await setStage({
      database: await openFresh(),
      settings: { registration: true },
    })
    const as = await stage.gateway.administrator()
    const path = `/admin/users/${stage.user.username}/password`
    await callApi(stage, 'PUT', path, { as, body: { password: PASSWORD } })
    return stage
  }

  const meStatus = async (stage: Stage, as: { key: string }): Promise<number> =>
    (await callApi(stage, 'GET', '/me', { as })).status

  test('sees the logins of a user and ends one or all of them at once', async () => {
    await using stage = await stageWithPassword()
    const root = await stage.gateway.administrator()
    const path = `/admin/users/${stage.user.username}/sessions`
    const first = await logIn(stage)
    const { data } = await callApi(stage, 'GET', path, { as: root })
    expect(data).toMatchObject([
      { username: stage.user.username, address: '127.0.0.1', agent: 'browser/1' },
    ])
    const second = await logIn(stage)
    expect(await meStatus(stage, first)).toBe(200)
    const ended = await callApi(stage, 'DELETE', `/admin/sessions/${data[0]?.id}`, { as: root })
    expect(ended.status).toBe(204)
    expect(await newestEntry(stage, root, 'session.revoke')).toMatchObject({
      actor: `user:${root.username}`,
      address: '127.0.0.1',
      request_id: ended.requestId,
      target: stage.user.username,
    })
    expect([await meStatus(stage, first), await meStatus(stage, second)]).toEqual([401, 200])
    const all = await callApi(stage, 'DELETE', path, { as: root })
    expect(all.body).toEqual({ ended: 1 })
    expect(await meStatus(stage, second)).toBe(401)
    expect((await callApi(stage, 'GET', path, { as: root })).data).toEqual([])
    const third = await logIn(stage)
    const everything = await callApi(stage, 'DELETE', `${path}?keys=true`, { as: root })
    expect(everything.body).toEqual({ ended: 1, ended_keys: 1 })
    expect([await meStatus(stage, third), await meStatus(stage, stage.user)]).toEqual([401, 401])
    expect(await newestEntry(stage, root, 'user.revoke-all')).toMatchObject({
      actor: `user:${root.username}`,
      target: stage.user.username,
    })
    const unknown = await callApi(stage, 'DELETE', '/admin/sessions/0123456789', { as: root })
    expect(unknown.status).toBe(404)
  })

  test('makes access tokens worthless and leaves the refresh tokens', async () => {
    await using stage = await stageWithPassword()
    const root = await stage.gateway.administrator()
    const login = await logIn(stage)
    const path = `/admin/users/${stage.user.username}/rotate-tokens`
    const { body } = await callApi(stage, 'POST', path, { as: root })
    expect(body).toEqual({ sessions: 1 })
    expect(await meStatus(stage, login)).toBe(401)
    const next = await callApi(stage, 'POST', '/auth/token', {
      as: null,
      body: { refresh_token: login.refreshToken },
    })
    expect(await meStatus(stage, { key: String(next.body.access_token) })).toBe(200)
  })

  test('replaces the signing key, and whoever should log in again has to', async () => {
    await using stage = await stageWithPassword()
    const root = await stage.gateway.administrator()
    const login = await logIn(stage)
    const before = await callApi(stage, 'GET', '/admin/signing-keys', { as: root })
    expect(before.data).toMatchObject([{ state: 'active' }])
    const path = '/admin/signing-keys/rotate'
    const next = await callApi(stage, 'POST', path, { as: root, body: {} })
    expect(next.body).toMatchObject({ state: 'next' })
    expect(await meStatus(stage, login)).toBe(200)
    const only = await callApi(stage, 'POST', path, { as: root, body: { revoke_old: true } })
    expect(only.body).toMatchObject({ state: 'active' })
    expect(await meStatus(stage, login)).toBe(401)
    const after = await callApi(stage, 'GET', '/admin/signing-keys', { as: root })
    expect(after.data).toEqual([only.body])
    expect(JSON.stringify(after.body)).not.toContain('jwk')
  })

  test('invites somebody, who becomes a user, and takes back what nobody used', async () => {
    await using stage = await stageWithPassword()
    const root = await stage.gateway.administrator()
    const invite = (body: object) =>
      callApi(stage, 'POST', '/admin/invitations', { as: root, body })
    const made = await invite({ role: 'premium' })
    const path = `/admin/invitations/${made.body.id}`
    expect(made.headers.get('location')).toBe(path)
    expect(made.body).toMatchObject({ role: 'premium', status: 'open' })
    const { status, body } = await callApi(stage, 'POST', '/auth/register', {
      as: null,
      body: { username: 'anna', password: PASSWORD, invitation: made.body.code },
    })
    expect([status, body.role]).toEqual([201, 'premium'])
    const unused = await invite({ expires_at: new Date(Date.now() + 60_000).toISOString() })

    const list = await callApi(stage, 'GET', '/admin/invitations', { as: root })
    expect(list.data).toMatchObject([
      { id: unused.body.id, status: 'open', role: 'basic', username: null },
      { id: made.body.id, status: 'used', username: 'anna' },
    ])
    expect(JSON.stringify(list.body)).not.toContain(String(made.body.code).slice(14))
    const first = await callApi(stage, 'GET', '/admin/invitations?limit=1', { as: root })
    const next = `/admin/invitations?limit=1&cursor=${first.body.next_cursor}`
    const second = await callApi(stage, 'GET', next, { as: root })
    expect([...first.data, ...second.data]).toEqual([...list.data])
    expect(second.body.next_cursor).toBeNull()

    expect((await callApi(stage, 'DELETE', path, { as: root })).status).toBe(404)
    const open = `/admin/invitations/${unused.body.id}`
    expect((await callApi(stage, 'DELETE', open, { as: root })).status).toBe(204)
    expect((await callApi(stage, 'DELETE', open, { as: root })).status).toBe(404)
    expect((await invite({ role: 'nothing' })).status).toBe(404)
    expect((await invite({ expires_at: '2001-01-01T00:00:00Z' })).status).toBe(422)
    expect((await invite({ expires_at: '2100-01-01T00:00:00Z' })).status).toBe(422)
  })
})
