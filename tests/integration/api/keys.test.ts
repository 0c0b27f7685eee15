import { expect, test } from 'bun:test'
import { openDatabase } from '../../../db/client.ts'
import { callApi, newestEntry } from '../../support/api.ts'
import { TESTER } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { CHAT, type Stage, setStage } from '../../support/gateway/stage.ts'

const DAY_S = 86_400
const HOUR_MS = 3_600_000

await describeEachDatabase('a key of another user, over HTTP,', (openFresh) => {
  const chatStatus = async (stage: Stage, key: string): Promise<number> =>
    (await stage.post('/ollama/api/chat', CHAT, { as: { ...stage.user, key } })).status

  test('is made, shown, listed, replaced and ended', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const { username } = stage.user
    const made = await callApi(stage, 'POST', `/admin/users/${username.toUpperCase()}/keys`, {
      as: root,
      body: {
        description: 'laptop',
        expires_at: '2100-01-01T00:00:00+01:00',
        scopes: { gateways: ['ollama'], models: ['llama3*'], addresses: ['127.0.0.0/8'] },
        rotate_every_seconds: 30 * DAY_S,
        grace_seconds: DAY_S,
      },
    })
    const id = String(made.body.id)
    expect(made.headers.get('location')).toBe(`/admin/keys/${id}`)
    expect(made.body).toMatchObject({
      username,
      description: 'laptop',
      status: 'active',
      expires_at: '2099-12-31T23:00:00.000Z',
      scopes: { gateways: ['ollama'], models: ['llama3*'], permissions: [] },
      rotation: { every_seconds: 30 * DAY_S, grace_seconds: DAY_S },
      last_use: null,
    })
    expect(await chatStatus(stage, String(made.body.key))).toBe(200)

    const shown = await callApi(stage, 'GET', `/admin/keys/${id}`, { as: root })
    expect(shown.body).toMatchObject({ id, genuine: null, last_four: made.body.last_four })
    const { data } = await callApi(stage, 'GET', `/admin/keys?username=${username}`, { as: root })
    expect(data.map((key) => key.id).sort()).toEqual([id, stage.user.keyId].sort())

    const next = await callApi(stage, 'POST', `/admin/keys/${id}/rotate`, {
      as: root,
      body: { grace_seconds: 3600 },
    })
    expect(next.headers.get('location')).toBe(`/admin/keys/${next.body.id}`)
    expect(next.body).toMatchObject({ family_id: id, scopes: { models: ['llama3*'] } })
    const old = await callApi(stage, 'GET', `/admin/keys/${id}`, { as: root })
    expect(old.body).toMatchObject({ status: 'replaced', replaced_by: next.body.id })
    const madeAt = Date.parse(String(next.body.created_at))
    expect(Date.parse(String(old.body.expires_at))).toBeWithin(madeAt, madeAt + 2 * HOUR_MS)

    await callApi(stage, 'DELETE', `/admin/keys/${next.body.id}`, { as: root })
    expect(await chatStatus(stage, String(next.body.key))).toBe(401)
    expect(await chatStatus(stage, String(made.body.key))).toBe(200)
  })

  test('has its text in the answer that makes it and in no other, nor in any log', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const path = `/admin/users/${stage.user.username}/keys`
    const made = await callApi(stage, 'POST', path, { as: root, body: {} })
    const { id, key } = made.body as { id: string; key: string }
    const inspected = await callApi(stage, 'POST', '/admin/keys/inspect', {
      as: root,
      body: { key },
    })
    // Somebody takes the text for an id, or for a name.
    const paths = [`/admin/keys/${key}x`, `/admin/users/${key}`, `/admin/users/${key}x/sessions`]
    for (const path of paths) {
      expect((await callApi(stage, 'DELETE', path, { as: root })).status).toBe(404)
    }
    const answers = [
      inspected,
      await callApi(stage, 'GET', `/admin/keys/${id}`, { as: root }),
      await callApi(stage, 'GET', '/admin/keys', { as: root }),
      await callApi(stage, 'GET', '/admin/audit', { as: root }),
    ]
    for (const { body } of answers) expect(JSON.stringify(body)).not.toContain(key.slice(14, -4))
    expect(JSON.stringify(stage.gateway.log)).not.toContain(key.slice(14, -4))
    expect(inspected.body).toMatchObject({ id, genuine: true })
  })

  test('is told to be genuine or not from its text, and what is no key is a 404', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const inspect = (key: string) =>
      callApi(stage, 'POST', '/admin/keys/inspect', { as: root, body: { key } })
    await stage.post('/ollama/api/chat', CHAT)
    expect((await inspect(stage.user.key)).body).toMatchObject({
      id: stage.user.keyId,
      username: stage.user.username,
      genuine: true,
    })
    expect((await inspect(stage.user.keyId)).body).toMatchObject({ genuine: null })
    expect((await inspect(stage.user.key.slice(0, -1))).status).toBe(404)
    expect((await inspect('nothing')).status).toBe(404)
  })

  test('leaves an entry of who made and ended it, from where and by which request', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const path = `/admin/users/${stage.user.username}/keys`
    const made = await callApi(stage, 'POST', path, { as: root, body: { description: 'x' } })
    const from = { actor: `user:${root.username}`, address: '127.0.0.1', outcome: 'done' }
    expect(await newestEntry(stage, root, 'key.generate')).toMatchObject({
      ...from,
      target: made.body.id,
      request_id: made.requestId,
      detail: { username: stage.user.username, description: 'x' },
    })
    const ended = await callApi(stage, 'DELETE', `/admin/keys/${made.body.id}`, { as: root })
    expect(await newestEntry(stage, root, 'key.revoke')).toMatchObject({
      ...from,
      target: made.body.id,
      request_id: ended.requestId,
    })
  })

  test('is fetched when the server has replaced the old one, by who may manage users', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const path = `/admin/keys/${stage.user.keyId}/successor`
    const none = await callApi(stage, 'POST', path, { as: root })
    expect(none.status).toBe(404)
    const { keys } = stage.gateway.admin
    const { id } = await keys.generate(TESTER, stage.user.username, {
      rotateEveryMs: 24 * HOUR_MS,
    })
    const handle = openDatabase(stage.gateway.databaseUrl)
    try {
      const due = handle.db.updateTable('api_keys').set({ rotates_at: 1 })
      await due.where('id', '=', id).execute()
    } finally {
      await handle.close()
    }
    await keys.rotateDue()
    const made = await callApi(stage, 'POST', `/admin/keys/${id}/successor`, { as: root })
    expect(made.status).toBe(200)
    expect(await chatStatus(stage, String(made.body.key))).toBe(200)
    const refused = await callApi(stage, 'POST', `/admin/keys/${id}/successor`, { as: stage.user })
    expect(refused.status).toBe(403)
    expect(await newestEntry(stage, root, 'key.deliver')).toMatchObject({ target: id })
  })

  test('is refused with what is wrong, and nothing is made', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const bodies: [object, string | undefined][] = [
      [{ expires_at: '2001-01-01T00:00:00Z' }, 'expires_at'],
      [{ expires_at: '2100-01-01' }, 'expires_at'],
      [{ scopes: { models: ['*'], rights: [] } }, 'scopes.rights'],
      [{ scopes: { gateways: ['telnet'] } }, undefined],
      [{ grace_seconds: 60 }, undefined],
      [{ rotate_every_seconds: 0.5 }, 'rotate_every_seconds'],
      [{ description: 'a\u0000b' }, 'description'],
      [{ quota: 1, owner_id: root.id }, 'quota'],
    ]
    const path = `/admin/users/${stage.user.username}/keys`
    for (const [body, field] of bodies) {
      const { status, body: problem } = await callApi(stage, 'POST', path, { as: root, body })
      expect([body, status]).toEqual([body, 422])
      expect((problem.errors as { field: string }[] | undefined)?.[0]?.field).toBe(field)
    }
    const { data } = await callApi(stage, 'GET', '/admin/keys', { as: root })
    expect(data).toHaveLength(2)
  })
})
