import { expect, test } from 'bun:test'
import { Ollama } from 'ollama'
import { CHAT, MODEL, setStage } from '../../support/gateway/stage.ts'

const SHORT = { ...CHAT, stream: false }

test('the root has nothing of Ollama unless it is switched on', async () => {
  await using stage = await setStage()
  for (const path of ['/api/chat', '/v1/chat', '/api/nothing']) {
    const response = await stage.post(path, SHORT)
    expect(response.status).toBe(404)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ code: 'not_found', status: 404 })
  }
  expect((await stage.get('/api/tags')).status).toBe(404)
  expect(stage.asked()).toEqual([])
})

test('where it is switched on, a client that knows only host and port is served, behind the same guard', async () => {
  await using stage = await setStage({ settings: { rootAliases: true } })
  const headers = { authorization: `Bearer ${stage.user.key}` }
  const client = new Ollama({ host: stage.gateway.url, headers })
  const answer = await client.chat({ ...CHAT, messages: [...CHAT.messages] })
  expect(answer.message.content).toStartWith('Hello')
  expect((await client.list()).models).toHaveLength(1)
  expect((await stage.post('/v1/chat', SHORT)).status).toBe(200)
  expect(await (await stage.get('/', { as: null })).text()).toBe('Ollama is running')

  const stranger = await stage.post('/api/chat', SHORT, { as: null })
  expect(stranger.status).toBe(401)
  expect(await stranger.json()).toMatchObject({ code: 'unauthorized' })
  expect((await stage.send('DELETE', '/api/delete', { model: MODEL })).status).toBe(403)
  const unlisted = await stage.get('/api/nothing')
  expect(unlisted.status).toBe(404)
  expect(await unlisted.json()).toMatchObject({ error: 'there is nothing at this address' })
  const rows = await stage.gateway.usageOf(stage.user)
  expect(rows.map(({ operation, gateway }) => [operation, gateway])).toEqual([
    ['chat', 'ollama'],
    ['tags', 'ollama'],
    ['chat', 'ollama'],
  ])
})

test('Ollama says that it is running, with and without a slash, to anyone', async () => {
  await using stage = await setStage()
  for (const path of ['/ollama', '/ollama/']) {
    const response = await stage.get(path, { as: null })
    expect(await response.text()).toBe('Ollama is running')
    expect((await stage.get(path, { as: null, method: 'HEAD' })).status).toBe(200)
  }
  expect(stage.asked()).toEqual([])
})
