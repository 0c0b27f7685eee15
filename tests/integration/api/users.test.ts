import { expect, test } from 'bun:test'
import { type ApiAnswer, callApi, newestEntry } from '../../support/api.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { CHAT, setStage } from '../../support/gateway/stage.ts'

const PASSWORD = 'violet-harbour-9-teapots'

const namesOf = ({ data }: ApiAnswer): unknown[] => data.map(({ username }) => username)

await describeEachDatabase('users, over HTTP,', (openFresh) => {
  test('are made, shown, changed and deleted, each act with its entry', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const made = await callApi(stage, 'POST', '/admin/users', {
      as: root,
      body: { username: 'Anna@Example.org', roles: ['premium'] },
    })
    const path = `/admin/users/${encodeURIComponent('anna@example.org')}`
    expect(made.status).toBe(201)
    expect(made.headers.get('location')).toBe(path)
    expect(made.body).toMatchObject({
      username: 'anna@example.org',
      disabled: false,
      roles: [{ name: 'premium', expires_at: null }],
    })
    expect((await callApi(stage, 'GET', path, { as: root })).body).toEqual(made.body)

    const changed = await callApi(stage, 'PATCH', path, {
      as: root,
      body: { disabled: true, roles: ['basic'] },
    })
    expect(changed.body).toMatchObject({ disabled: true, roles: [{ name: 'basic' }] })
    expect(await newestEntry(stage, root, 'user.update')).toMatchObject({
      actor: `user:${root.username}`,
      address: '127.0.0.1',
      request_id: changed.requestId,
      target: 'anna@example.org',
      detail: { before: { disabled: false }, after: { disabled: true } },
    })

    const end = { expires_at: '2100-01-01T00:00:00Z' }
    const granted = await callApi(stage, 'PUT', `${path}/roles/premium`, { as: root, body: end })
    expect(granted.body.roles).toMatchObject([
      { name: 'basic', expires_at: null },
      { name: 'premium', expires_at: '2100-01-01T00:00:00.000Z' },
    ])
    expect((await callApi(stage, 'DELETE', `${path}/roles/premium`, { as: root })).status).toBe(204)
    expect((await callApi(stage, 'DELETE', `${path}/roles/premium`, { as: root })).status).toBe(404)

    expect((await callApi(stage, 'DELETE', path, { as: root })).status).toBe(204)
    expect((await callApi(stage, 'GET', path, { as: root })).status).toBe(404)
    expect(await newestEntry(stage, root, 'user.delete')).toMatchObject({
      target: 'anna@example.org',
    })
  })

  test('are found by a part of their name and by role, a page at a time', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    for (const username of ['team.anna', 'team.bob', 'teamwork', 'hanna']) {
      await callApi(stage, 'POST', '/admin/users', {
        as: root,
        body: { username, roles: username === 'hanna' ? ['premium'] : ['basic'] },
      })
    }
    const find = (query: string) => callApi(stage, 'GET', `/admin/users?${query}`, { as: root })
    expect(namesOf(await find('search=anna'))).toEqual(['hanna', 'team.anna'])
    expect(namesOf(await find('search=TEAM.'))).toEqual(['team.anna', 'team.bob'])
    expect(namesOf(await find('search=%25'))).toEqual([])
    expect(namesOf(await find('search=_'))).toEqual([])
    expect(namesOf(await find('role=premium'))).toEqual(['hanna'])
    expect((await find('role=nothing')).status).toBe(404)
    const first = await find('search=team&limit=2')
    expect(namesOf(first)).toEqual(['team.anna', 'team.bob'])
    const rest = await find(`search=team&limit=2&cursor=${first.body.next_cursor}`)
    expect(namesOf(rest)).toEqual(['teamwork'])
    expect(rest.body.next_cursor).toBeNull()
  })

  test('who are disabled or deleted can call no more at the next request', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const path = `/admin/users/${stage.user.username}`
    const status = async () => (await stage.post('/ollama/api/chat', CHAT)).status
    expect(await status()).toBe(200)
    await callApi(stage, 'PATCH', path, { as: root, body: { disabled: true } })
    expect(await status()).toBe(401)
    await callApi(stage, 'PATCH', path, { as: root, body: { disabled: false } })
    expect(await status()).toBe(200)
    await callApi(stage, 'DELETE', path, { as: root })
    expect(await status()).toBe(401)
  })

  test('get a password that is never told, and log in with it', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const { username } = stage.user
    const set = (password: string) =>
      callApi(stage, 'PUT', `/admin/users/${username}/password`, { as: root, body: { password } })
    expect((await set('short')).status).toBe(422)
    expect((await set(PASSWORD)).status).toBe(204)
    const login = await callApi(stage, 'POST', '/auth/login', {
      as: null,
      body: { username, password: PASSWORD },
    })
    expect(login.status).toBe(200)
    const { body } = await callApi(stage, 'GET', '/admin/audit', { as: root })
    expect(JSON.stringify(body)).not.toContain(PASSWORD)
    expect(JSON.stringify(body)).not.toContain('argon2')
  })

  test('of a name that is taken or can be none are not made', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const make = async (username: string, more = {}) =>
      (await callApi(stage, 'POST', '/admin/users', { as: root, body: { username, ...more } }))
        .status
    expect(await make(stage.user.username)).toBe(409)
    expect(await make('no name')).toBe(422)
    expect(await make('anna\u0000')).toBe(422)
    expect(await make('anna', { roles: ['nothing'] })).toBe(404)
    expect(await make('anna', { roles: ['no\u0000thing'] })).toBe(422)
    const { data } = await callApi(stage, 'GET', '/admin/users', { as: root })
    expect(data).toHaveLength(2)
  })
})
