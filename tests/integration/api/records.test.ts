import { expect, test } from 'bun:test'
import { type ApiAnswer, callApi } from '../../support/api.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { CHAT, MODEL, setStage } from '../../support/gateway/stage.ts'

const DAY_MS = 86_400_000

const idsOf = ({ data }: ApiAnswer): unknown[] => data.map(({ id }) => id)

await describeEachDatabase('usage, over HTTP,', (openFresh) => {
  test('is that of everybody or of one user, and tells nothing of what was said', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const role = await stage.gateway.role({ permissions: ['usage:read'] })
    const reader = await stage.gateway.user({ roles: [role] })
    const other = await stage.gateway.user()
    await stage.post('/ollama/api/chat', CHAT)
    await stage.post('/ollama/api/chat', CHAT, { as: other })
    await stage.gateway.accounted(2)
    const all = await callApi(stage, 'GET', '/admin/usage', { as: reader })
    expect(all.data.map(({ username }) => username).sort()).toEqual(
      [stage.user.username, other.username].sort(),
    )
    const path = `/admin/usage?username=${other.username.toUpperCase()}&model=${MODEL}`
    const { data } = await callApi(stage, 'GET', path, { as: reader })
    expect(data).toMatchObject([
      {
        username: other.username,
        key_id: other.keyId,
        gateway: 'ollama',
        operation: 'chat',
        model: MODEL,
        status: 200,
        outcome: 'completed',
        error_code: null,
      },
    ])
    expect(JSON.stringify(all.body)).not.toContain(stage.ollama.url)
    const none = await callApi(stage, 'GET', '/admin/usage?model=none', { as: reader })
    expect([none.status, none.body.detail]).toEqual([
      404,
      'no request ever asked for a model "none"',
    ])
    expect((await callApi(stage, 'GET', '/me/usage?model=none')).data).toEqual([])
    for (const query of ['gateway=openai', 'gateway=%27']) {
      expect((await callApi(stage, 'GET', `/admin/usage?${query}`, { as: reader })).data).toEqual(
        [],
      )
    }
  })

  test('is read in pages without a gap or a row twice, while new rows come', async () => {
    const database = await openFresh()
    await using stage = await setStage({ database })
    const root = await stage.gateway.administrator()
    const fresh = () => requestRow({ user_id: stage.user.id })
    const rows = Array.from({ length: 7 }, fresh)
    await insertRequests(database, rows)
    const path = `/admin/usage?limit=3&username=${stage.user.username}`
    const seen: unknown[] = []
    let cursor = ''
    for (let i = 0; i < 3; i++) {
      const answer = await callApi(stage, 'GET', path + cursor, { as: root })
      seen.push(...idsOf(answer))
      cursor = `&cursor=${answer.body.next_cursor}`
      await insertRequests(database, [fresh()])
      if (i === 2) expect(answer.body.next_cursor).toBeNull()
    }
    expect(seen).toEqual(rows.map(({ id }) => id).reverse())
  })

  test('is of the last days, one to ten years', async () => {
    const database = await openFresh()
    await using stage = await setStage({ database })
    const root = await stage.gateway.administrator()
    const old = requestRow({ user_id: stage.user.id, started_at: Date.now() - 8 * DAY_MS })
    await insertRequests(database, [old])
    const list = (query: string) => callApi(stage, 'GET', `/admin/usage?${query}`, { as: root })
    expect(idsOf(await list(''))).toEqual([])
    expect(idsOf(await list('days=9'))).toEqual([old.id])
    expect(idsOf(await list('days=3650'))).toEqual([old.id])
    for (const days of ['3651', '0', '-1', '1.5', '1e3', '']) {
      expect([days, (await list(`days=${days}`)).status]).toEqual([days, 422])
    }
    expect((await list('username=nobody')).status).toBe(404)
    expect((await list('username=%00')).status).toBe(422)
  })
})

await describeEachDatabase('the audit log, over HTTP,', (openFresh) => {
  test('is read with filters, a page at a time, the newest first', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const role = await stage.gateway.role({ permissions: ['audit:read'] })
    const reader = await stage.gateway.user({ roles: [role] })
    const make = (username: string) =>
      callApi(stage, 'POST', '/admin/users', { as: root, body: { username } })
    for (const name of ['anna', 'bob', 'carl']) await make(name)
    expect((await make('bob')).status).toBe(409)
    await callApi(stage, 'DELETE', '/admin/users/bob', { as: root })
    const list = async (query: string) =>
      await callApi(stage, 'GET', `/admin/audit?actor=user:${root.username}&${query}`, {
        as: reader,
      })
    const told = ({ data }: ApiAnswer) =>
      data.map(({ action, target, outcome }) => [action, target, outcome].join(' '))
    expect(told(await list('action=user.'))).toEqual([
      'user.delete bob done',
      'user.create bob refused',
      'user.create carl done',
      'user.create bob done',
      'user.create anna done',
    ])
    expect(told(await list('target=anna'))).toEqual(['user.create anna done'])
    const refused = await list('outcome=refused')
    expect(refused.data).toMatchObject([
      { action: 'user.create', target: 'bob', detail: { code: 'conflict' } },
    ])
    const first = await list('action=user.create&limit=3')
    const rest = await list(`action=user.create&limit=3&cursor=${first.body.next_cursor}`)
    expect([...told(first), ...told(rest)]).toHaveLength(4)
    expect(rest.body.next_cursor).toBeNull()
    const at = String(refused.data[0]?.at)
    expect(told(await list(`since=${at}&until=${at}`))).toEqual([])
    expect(told(await list(`since=${at}&action=user.create`))).toContain('user.create bob refused')
    expect(told(await list(`until=${at}&action=user.delete`))).toEqual([])
  })

  test('refuses filters that can mean nothing', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    for (const query of ['outcome=maybe', 'since=yesterday', 'actor=%00', 'who=anna']) {
      const { status } = await callApi(stage, 'GET', `/admin/audit?${query}`, { as: root })
      expect([query, status]).toEqual([query, 422])
    }
  })
})
