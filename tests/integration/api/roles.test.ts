import { expect, test } from 'bun:test'
import { callApi, newestEntry } from '../../support/api.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { setStage } from '../../support/gateway/stage.ts'

await describeEachDatabase('roles, over HTTP,', (openFresh) => {
  test('are made, shown, changed and deleted, each act with its entry', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const made = await callApi(stage, 'POST', '/admin/roles', {
      as: root,
      body: {
        name: 'team',
        parent: 'basic',
        description: 'the team',
        permissions: ['usage:read'],
        models: ['llama3*'],
        weight: 200,
        priority: 'high',
        concurrent: 2,
      },
    })
    expect(made.headers.get('location')).toBe('/admin/roles/team')
    expect(made.body).toMatchObject({
      name: 'team',
      parent: 'basic',
      own_permissions: ['usage:read'],
      own_models: ['llama3*'],
      weight: 200,
      own_weight: 200,
      priority: 'high',
      concurrent: 2,
      built_in: false,
      members: 0,
    })
    expect(made.body.permissions).toContain('gateway:ollama')
    expect((await callApi(stage, 'GET', '/admin/roles/team', { as: root })).body).toEqual(made.body)

    const changed = await callApi(stage, 'PATCH', '/admin/roles/team', {
      as: root,
      body: { weight: null, priority: null, concurrent: null },
    })
    expect(changed.body).toMatchObject({
      description: 'the team',
      own_weight: null,
      own_priority: null,
      own_concurrent: null,
    })
    expect(await newestEntry(stage, root, 'role.update')).toMatchObject({
      actor: `user:${root.username}`,
      address: '127.0.0.1',
      request_id: changed.requestId,
      target: 'team',
      detail: { before: { weight: 200 }, after: { weight: null } },
    })
    expect((await callApi(stage, 'DELETE', '/admin/roles/team', { as: root })).status).toBe(204)
    expect((await callApi(stage, 'GET', '/admin/roles/team', { as: root })).status).toBe(404)
  })

  test('that somebody has are deleted by force only, and the built-in ones never', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const remove = async (path: string) =>
      (await callApi(stage, 'DELETE', `/admin/roles/${path}`, { as: root })).status
    await callApi(stage, 'POST', '/admin/roles', { as: root, body: { name: 'team' } })
    const held = `/admin/users/${stage.user.username}/roles/team`
    await callApi(stage, 'PUT', held, { as: root, body: {} })
    expect(await remove('team')).toBe(409)
    expect(await remove('team?force=false')).toBe(409)
    expect(await remove('team?force=yes')).toBe(422)
    expect(await newestEntry(stage, root, 'role.delete')).toMatchObject({ outcome: 'refused' })
    expect(await remove('team?force=true')).toBe(204)
    expect(await remove('admin?force=true')).toBe(409)
    const user = await callApi(stage, 'GET', `/admin/users/${stage.user.username}`, { as: root })
    expect(user.body.roles).toMatchObject([{ name: 'basic' }])
  })

  test('are listed in the order of their names, a page at a time', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    for (const name of ['zeta', 'beta']) {
      await callApi(stage, 'POST', '/admin/roles', { as: root, body: { name } })
    }
    const names: unknown[] = []
    let query = 'limit=2'
    for (let pages = 0; pages < 4; pages++) {
      const { body, data } = await callApi(stage, 'GET', `/admin/roles?${query}`, { as: root })
      names.push(...data.map(({ name }) => name))
      if (body.next_cursor === null) break
      query = `limit=2&cursor=${body.next_cursor}`
    }
    expect(names).toEqual(['admin', 'basic', 'beta', 'premium', 'zeta'])
  })

  test('with what is not known or not possible are refused, and nothing is changed', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const before = await callApi(stage, 'GET', '/admin/roles', { as: root })
    const refused: [string, string, object, number][] = [
      ['POST', '/admin/roles', { name: 'Team' }, 422],
      ['POST', '/admin/roles', { name: 'team', permissions: ['everything'] }, 422],
      ['POST', '/admin/roles', { name: 'team', parent: 'nothing' }, 404],
      ['POST', '/admin/roles', { name: 'team', is_admin: true }, 422],
      ['POST', '/admin/roles', { name: 'basic' }, 409],
      ['PATCH', '/admin/roles/basic', { parent: 'premium' }, 409],
      ['PATCH', '/admin/roles/basic', { weight: 0 }, 422],
      ['PATCH', '/admin/roles/basic', { priority: 'highest' }, 422],
      ['PATCH', '/admin/roles/basic', { name: 'other' }, 422],
      ['PATCH', '/admin/roles/nothing', { weight: 1 }, 404],
    ]
    for (const [method, path, body, status] of refused) {
      const answer = await callApi(stage, method, path, { as: root, body })
      expect([body, answer.status]).toEqual([body, status])
    }
    expect((await callApi(stage, 'GET', '/admin/roles', { as: root })).body).toEqual(before.body)
  })
})
