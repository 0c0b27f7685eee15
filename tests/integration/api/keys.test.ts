import { expect, test } from 'bun:test'
import { callApi } from '../../support/api.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { setStage } from '../../support/gateway/stage.ts'

await describeEachDatabase('the keys of users', (openFresh) => {
  test('smoke', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const made = await callApi(stage, 'POST', `/admin/users/${stage.user.username}/keys`, { as: root, body: { description: 'x', scopes: { gateways: ['ollama'] }, rotate_every_seconds: 86400 } })
    console.log(made)
    for (const p of ['/admin/keys?limit=1', `/admin/keys/${made.body.id}`, '/admin/roles', '/admin/users', '/admin/usage', '/admin/audit', '/admin/invitations', '/admin/signing-keys', '/admin/limits?role=basic', `/admin/users/${stage.user.username}/sessions`, '/admin/users/%00', '/admin/usage?username=%00']) {
      const r = await callApi(stage, 'GET', p, { as: root })
      console.log(p, r.status, JSON.stringify(r.body).slice(0, 300))
    }
  })
})
