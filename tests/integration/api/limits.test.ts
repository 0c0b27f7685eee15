import { expect, test } from 'bun:test'
import { callApi, newestEntry } from '../../support/api.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import type { TestUser } from '../../support/gateway/people.ts'
import { CHAT, MODEL, type Stage, setStage } from '../../support/gateway/stage.ts'

const PER_DAY = { unit: 'requests', window: 'day', amount: 2 }

await describeEachDatabase('limits, over HTTP,', (openFresh) => {
  const chatStatus = async (stage: Stage): Promise<number> =>
    (await stage.post('/ollama/api/chat', CHAT)).status

  const set = (stage: Stage, as: TestUser, body: object) =>
    callApi(stage, 'PUT', '/admin/limits', { as, body })

  test('are set, hold, show what is left, are given back and removed', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const { username } = stage.user
    const subject = { user: username }
    const made = await set(stage, root, { subject, gateway: 'ollama', amounts: [PER_DAY] })
    const rule = { gateway: 'ollama', model: '*', ...PER_DAY, shadow: false, shared: false }
    expect(made.body).toEqual({ rules: [{ ...rule, before: null }] })
    expect(await newestEntry(stage, root, 'limit.set')).toMatchObject({
      actor: `user:${root.username}`,
      address: '127.0.0.1',
      request_id: made.requestId,
      target: `user:${username}`,
    })
    expect([await chatStatus(stage), await chatStatus(stage), await chatStatus(stage)]).toEqual([
      200, 200, 429,
    ])
    const seen = await callApi(stage, 'GET', `/admin/limits?user=${username}`, { as: root })
    expect(seen.body.limits).toMatchObject([
      { scope: 'user', role: null, unit: 'requests', window: 'day', limit: 2, shadow: false },
    ])
    const other = `/admin/limits?user=${username}&gateway=openai`
    expect((await callApi(stage, 'GET', other, { as: root })).body.limits).toEqual([])

    const place = { subject, gateway: 'ollama' }
    const path = '/admin/limits/reset-used'
    const reset = await callApi(stage, 'POST', path, { as: root, body: place })
    expect(reset.body).toEqual({ buckets: 1 })
    expect(await chatStatus(stage)).toBe(200)

    const remove = `/admin/limits?user=${username}&gateway=ollama`
    const removed = await callApi(stage, 'DELETE', remove, { as: root })
    expect(removed.body).toEqual({ rules: [rule] })
    expect((await callApi(stage, 'DELETE', remove, { as: root })).status).toBe(404)
  })

  test('are for a role and all its members together, for a key, and only watched', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const common = { gateway: '*', amounts: [PER_DAY] }
    await set(stage, root, { subject: { role: 'basic' }, shared: true, ...common })
    await set(stage, root, { subject: { key: stage.user.keyId }, shadow: true, ...common })
    const key = await callApi(stage, 'GET', `/admin/limits?key=${stage.user.keyId}`, { as: root })
    expect(key.body.limits).toMatchObject([
      { scope: 'shared', role: 'basic', key: null, shadow: false },
      { scope: 'key', role: null, key: stage.user.keyId, shadow: true, refusals: 0 },
    ])
    const none = `/admin/limits?role=basic&gateway=*&shadow=true`
    expect((await callApi(stage, 'DELETE', none, { as: root })).status).toBe(404)
    const shared = `/admin/limits?role=basic&gateway=*&shared=true`
    await set(stage, root, { subject: { role: 'basic' }, ...common })
    const removed = await callApi(stage, 'DELETE', shared, { as: root })
    expect(removed.body.rules).toMatchObject([{ shared: true }])
    const rest = await callApi(stage, 'GET', '/admin/limits?role=basic', { as: root })
    expect(rest.body.limits).toMatchObject([{ scope: 'role', role: 'basic', used: null }])
  })

  test('are tried on the requests of the last days without setting them', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const { username } = stage.user
    for (let i = 0; i < 3; i++) await chatStatus(stage)
    await stage.gateway.accounted(3)
    const proposal = { subject: { user: username }, gateway: '*', amounts: [PER_DAY] }
    const path = '/admin/limits/simulate'
    const { body } = await callApi(stage, 'POST', path, {
      as: root,
      body: { ...proposal, days: 1 },
    })
    expect(body.simulations).toMatchObject([
      {
        rule: { ...PER_DAY, gateway: '*', shared: false },
        requests: 3,
        refused: 1,
        refusals: [{ username, operation: 'chat', model: MODEL, amount: 1 }],
        users: [{ username, requests: 3, refused: 1 }],
      },
    ])
    expect(await chatStatus(stage)).toBe(200)
    const role = await stage.gateway.role({ permissions: ['limits:manage'] })
    const as = await stage.gateway.user({ roles: [role] })
    const refused = await callApi(stage, 'POST', path, { as, body: { ...proposal, days: 1 } })
    expect(refused.status).toBe(403)
  })

  test('for nobody, for two or of what can not be limited are refused', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const { username: user } = stage.user
    const common = { gateway: 'ollama', amounts: [PER_DAY] }
    const bodies: [object, number][] = [
      [{ subject: {}, ...common }, 422],
      [{ subject: { user, role: 'basic' }, ...common }, 422],
      [{ subject: { user, owner: user }, ...common }, 422],
      [{ subject: { user: 'nobody' }, ...common }, 404],
      [{ subject: { key: 'nothing' }, ...common }, 404],
      [{ subject: { user }, ...common, shared: true }, 422],
      [{ subject: { user }, ...common, gateway: 'telnet' }, 422],
      [{ subject: { user }, ...common, amounts: [] }, 422],
      [{ subject: { user }, ...common, amounts: [{ ...PER_DAY, amount: 0 }] }, 422],
      [{ subject: { user }, ...common, amounts: [{ ...PER_DAY, window: 'now' }] }, 422],
      [{ subject: { user }, ...common, quota: 5 }, 422],
    ]
    for (const [body, status] of bodies) {
      expect([body, (await set(stage, root, body)).status]).toEqual([body, status])
    }
    for (const query of ['', `?user=${user}&role=basic`, '?gateway=*', `?user=${user}&user=x`]) {
      const { status } = await callApi(stage, 'GET', `/admin/limits${query}`, { as: root })
      expect([query, status]).toEqual([query, 422])
    }
    const { body } = await callApi(stage, 'GET', `/admin/limits?user=${user}`, { as: root })
    expect(body.limits).toEqual([])
  })
})
