import { describe, expect, test } from 'bun:test'
import { TESTER } from '../../support/builders.ts'
import { chatChunk } from '../../support/fake-ollama/records.ts'
import { hang, stream } from '../../support/fake-ollama/script.ts'
import { limit } from '../../support/gateway/limits.ts'
import { readRefusal } from '../../support/gateway/native-refusal.ts'
import { readRecords } from '../../support/gateway/records.ts'
import { CHAT, MODEL, type Stage, setStage } from '../../support/gateway/stage.ts'

const SHORT = { ...CHAT, stream: false }

const chat = async (stage: Stage, body: object = SHORT, sending = {}): Promise<Response> => {
  const response = await stage.post('/ollama/api/chat', body, sending)
  await response.clone().text()
  return response
}

describe('a limit on requests', () => {
  test('lets so many in, and refuses the next in words that name the rule', async () => {
    await using stage = await setStage()
    await limit(stage, 'requests per day', 2, { model: MODEL })
    expect((await chat(stage)).status).toBe(200)
    expect((await chat(stage)).headers.get('x-ratelimit-remaining-requests')).toBe('0')
    const refused = await chat(stage)
    const told = Object.fromEntries(refused.headers)
    expect(told).toMatchObject({
      'ratelimit-policy': `"requests-per-day ollama ${MODEL}";q=2;w=86400`,
      'x-should-retry': 'false',
    })
    expect(Number(told['retry-after']) * 1000).toBeGreaterThanOrEqual(
      Number(told['retry-after-ms']),
    )
    const refusal = await readRefusal(refused)
    expect(refusal).toMatchObject({ status: 429, code: 'limit_reached' })
    expect(refusal.error).toStartWith(
      `limit reached: 2 requests per day through ollama with ${MODEL}; try again in `,
    )
    expect(stage.ollama.calls('/api/chat')).toHaveLength(2)
    expect(await stage.gateway.usageOf(stage.user)).toHaveLength(2)
  })

  test('counts what a model has to work for, and nothing else', async () => {
    await using stage = await setStage()
    await limit(stage, 'requests per day', 1)
    for (const path of ['/api/tags', '/api/ps', '/api/version', '/v1/models']) {
      expect((await stage.get(`/ollama${path}`)).status).toBe(200)
    }
    expect((await stage.post('/ollama/api/show', { model: MODEL })).status).toBe(200)
    expect((await chat(stage)).status).toBe(200)
    const embedding = await stage.post('/ollama/api/embed', { model: MODEL, input: 'hi' })
    expect(embedding.status).toBe(429)
  })

  test('comes after the model: one that is not there is a 404 and costs nothing', async () => {
    await using stage = await setStage()
    await limit(stage, 'requests per day', 1)
    expect((await chat(stage, { ...SHORT, model: 'missing' })).status).toBe(404)
    expect((await chat(stage, { ...SHORT, messages: 7 })).status).toBe(400)
    expect((await chat(stage)).status).toBe(200)
  })

  test('that is changed holds from then on, with what was used before', async () => {
    await using stage = await setStage()
    await limit(stage, 'requests per day', 1)
    expect((await chat(stage)).status).toBe(200)
    expect((await chat(stage)).status).toBe(429)
    await limit(stage, 'requests per day', 2)
    let status = 429
    while (status === 429) status = (await chat(stage)).status
    expect(status).toBe(200)
    expect((await chat(stage)).status).toBe(429)
  })
})

test('a shadow refuses nothing, and says in the log and in numbers what it would have', async () => {
  await using stage = await setStage()
  await limit(stage, 'requests per day', 1, { shadow: true })
  for (let i = 0; i < 3; i++) {
    const response = await chat(stage)
    expect(response.status).toBe(200)
    expect(response.headers.has('ratelimit')).toBe(false)
  }
  const told = stage.gateway.log.filter(({ message }) => message === 'a limit would refuse')
  expect(told).toHaveLength(2)
})

describe('limits are whose they are:', () => {
  test("a key's on that key alone, beside its owner's", async () => {
    await using stage = await setStage()
    const second = await stage.gateway.admin.keys.generate(TESTER, stage.user.username, {})
    await limit(stage, 'requests per day', 1, { key: stage.user.keyId })
    await limit(stage, 'requests per day', 3)
    const other = { ...stage.user, key: second.key, keyId: second.id }
    const statuses: number[] = []
    for (const as of [stage.user, stage.user, other, other, other]) {
      statuses.push((await chat(stage, SHORT, { as })).status)
    }
    expect(statuses).toEqual([200, 429, 200, 200, 429])
  })

  test("a role's for each member alone, unless they have their own", async () => {
    await using stage = await setStage()
    const anna = await stage.gateway.user()
    await limit(stage, 'requests per day', 1, { role: 'basic' })
    await limit(stage, 'requests per day', 2)
    const statuses: number[] = []
    for (const as of [stage.user, stage.user, stage.user, anna, anna]) {
      statuses.push((await chat(stage, SHORT, { as })).status)
    }
    expect(statuses).toEqual([200, 200, 429, 200, 429])
  })

  test("a role's shared budget for all its members together", async () => {
    await using stage = await setStage()
    const anna = await stage.gateway.user()
    await limit(stage, 'requests per day', 2, { role: 'basic', shared: true })
    const statuses: number[] = []
    for (const as of [stage.user, anna, stage.user, anna]) {
      statuses.push((await chat(stage, SHORT, { as })).status)
    }
    expect(statuses).toEqual([200, 200, 429, 429])
  })
})

test('concurrent requests are limited to those that are running', async () => {
  await using stage = await setStage()
  await limit(stage, 'concurrent-requests per now', 1)
  stage.ollama.once('/api/chat', [stream([chatChunk(MODEL, 'one')]), hang()])
  const running = readRecords(await stage.post('/ollama/api/chat', CHAT))
  await running.next()
  expect((await chat(stage)).status).toBe(429)
  await running.leave()
  await stage.gateway.accounted(1)
  for (let i = 0; i < 5; i++) expect((await chat(stage)).status).toBe(200)
})
