import { expect, test } from 'bun:test'
import { callApi, newestEntry } from '../../support/api.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { MODEL, setStage } from '../../support/gateway/stage.ts'

const PATH = '/admin/gateways/openai'
const MAPPINGS = `${PATH}/model-mappings`

await describeEachDatabase('gateways, over HTTP,', (openFresh) => {
  test('are listed, switched, given aliases and a default model, and measured', async () => {
    const gateways = JSON.stringify({
      openai: { enabled: false, default_model: MODEL, model_mappings: { 'gpt-4': MODEL } },
    })
    await using stage = await setStage({ database: await openFresh(), settings: { gateways } })
    const as = await stage.gateway.administrator()
    const call = (method: string, path: string, body?: object) =>
      callApi(stage, method, path, { as, body })

    const { data } = await call('GET', '/admin/gateways')
    const configured = { name: 'openai', path: '/openai', enabled: false, default_model: MODEL }
    expect(data).toContainEqual({ ...configured, aliases: 1 })
    const patched = await call('PATCH', PATH, { enabled: true, default_model: '' })
    const decided = { ...configured, enabled: true, default_model: null }
    const ofFile = { alias: 'gpt-4', model: MODEL, origin: 'configuration' }
    expect(patched.body).toEqual({ ...decided, model_mappings: [ofFile] })
    expect(await newestEntry(stage, as, 'gateway.config')).toMatchObject({
      actor: `user:${as.username}`,
      target: 'openai',
      request_id: patched.requestId,
      detail: {
        before: { enabled: false, defaultModel: MODEL },
        after: { enabled: true, defaultModel: null },
      },
    })

    const put = await call('PUT', MAPPINGS, { alias: 'GPT-*', model: MODEL.toUpperCase() })
    const ofAdministrator = { alias: 'gpt-*', model: MODEL, origin: 'administrator' }
    expect(put.body.model_mappings).toEqual([ofAdministrator, ofFile])
    expect((await call('GET', PATH)).body).toEqual(put.body)
    const removed = await call('DELETE', `${MAPPINGS}?alias=gpt-*`)
    expect(removed.body.model_mappings).toEqual([ofFile])
    const back = await call('PATCH', PATH, { enabled: null, default_model: null })
    expect(back.body).toMatchObject({ enabled: false, default_model: MODEL })

    await stage.get('/ollama/api/tags')
    await stage.gateway.accounted(1)
    const { body } = await call('GET', '/admin/gateways/ollama/metrics?minutes=5')
    expect(body).toMatchObject({ gateway: 'ollama', minutes: 5, requests: 1, failed: 0 })
  })

  test('refuse what is wrong in the words of the command line', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const as = await stage.gateway.administrator()
    const refused = async (method: string, path: string, body?: object) => {
      const { status, body: problem } = await callApi(stage, method, path, { as, body })
      return `${status} ${problem.detail}`
    }
    const alias = { alias: 'gpt-4', model: MODEL }
    for (const [method, path, body] of [
      ['GET', '/admin/gateways/opena1'],
      ['PATCH', '/admin/gateways/opena1', { enabled: false }],
      ['PUT', '/admin/gateways/opena1/model-mappings', alias],
      ['DELETE', '/admin/gateways/opena1/model-mappings?alias=gpt-4'],
      ['GET', '/admin/gateways/opena1/metrics'],
    ] as const) {
      expect(await refused(method, path, body)).toStartWith(
        '404 there is no gateway "opena1", did you mean openai?',
      )
    }
    expect(await refused('PATCH', PATH, {})).toStartWith('422 nothing to change')
    expect(await refused('PUT', MAPPINGS, { ...alias, model: 'llama9' })).toStartWith(
      '422 no host has the model "llama9:latest"',
    )
    expect(await refused('PUT', MAPPINGS, { ...alias, alias: 'a b' })).toStartWith(
      '422 "a b" is no alias',
    )
    expect(await refused('DELETE', `${MAPPINGS}?alias=gpt-4`)).toStartWith(
      '404 the gateway openai has no alias "gpt-4"',
    )
    expect(await refused('GET', `${PATH}/metrics?minutes=0`)).toStartWith('422 minutes: ')
    expect((await callApi(stage, 'GET', '/admin/gateways')).status).toBe(403)
  })
})
