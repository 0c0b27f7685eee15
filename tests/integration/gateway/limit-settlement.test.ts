import { describe, expect, test } from 'bun:test'
import { TESTER } from '../../support/builders.ts'
import { chatChunk, chatRecords } from '../../support/fake-ollama/records.ts'
import { cutShort, errorBefore, hang, headers, stream } from '../../support/fake-ollama/script.ts'
import { limit } from '../../support/gateway/limits.ts'
import { readRecords } from '../../support/gateway/records.ts'
import { CHAT, MODEL, type Stage, setStage } from '../../support/gateway/stage.ts'

const SHORT = { ...CHAT, stream: false }

const chat = async (stage: Stage, body: object = SHORT, sending = {}): Promise<Response> => {
  const response = await stage.post('/ollama/api/chat', body, sending)
  await response.clone().text()
  return response
}

describe('a request that', () => {
  test('fails before its first token costs nothing', async () => {
    await using stage = await setStage()
    await limit(stage, 'requests per day', 1)
    await limit(stage, 'tokens per day', 10_000)
    stage.ollama.once('/api/chat', errorBefore(500, 'out of memory'))
    stage.ollama.once('/api/chat', [headers(), cutShort()])
    expect((await chat(stage)).status).toBe(500)
    expect(await (await chat(stage, CHAT)).text()).toContain('upstream_error')
    expect((await chat(stage)).status).toBe(200)
    expect((await chat(stage)).status).toBe(429)
  })

  test('is cut pays for what was seen of it, and no more', async () => {
    await using stage = await setStage()
    await limit(stage, 'tokens per day', 10_000)
    const seen = ['one', 'two', 'three'].map((text) => chatChunk(MODEL, text))
    stage.ollama.once('/api/chat', [stream(seen), hang()])
    const records = readRecords(await stage.post('/ollama/api/chat', CHAT))
    for (let i = 0; i < seen.length; i++) await records.next()
    await records.leave()
    await stage.gateway.accounted(1)
    const [row] = await stage.gateway.usageOf(stage.user)
    expect(row).toMatchObject({ outcome: 'cancelled', completion_tokens: 3, estimated: 1 })
    const answer = await chat(stage, { ...SHORT, options: { num_predict: 10_000 } })
    const [, second] = stage.ollama.calls('/api/chat')
    const granted = 10_000 - Number(row?.prompt_tokens) - 3
    const { options } = (second?.json() ?? {}) as { options?: { num_predict: number } }
    expect(answer.status).toBe(200)
    expect(options?.num_predict).toBeWithin(granted - 60, granted + 1)
  })

  test('has ended pays what Ollama counted', async () => {
    await using stage = await setStage()
    await limit(stage, 'tokens per day', 10_000)
    const counts = { promptTokens: 11, tokens: 89 }
    stage.ollama.on('/api/chat', stream(chatRecords(MODEL, ['a', 'b'], counts)))
    for (let i = 1; i <= 3; i++) {
      await (await stage.post('/ollama/api/chat', CHAT)).text()
      const next = await stage.post('/ollama/api/chat', CHAT)
      await next.text()
      // Its own reservation is the prompt's and the default answer's.
      expect(Number(next.headers.get('x-ratelimit-remaining-tokens'))).toBeLessThanOrEqual(
        10_000 - 100 * (2 * i - 1) - 4096,
      )
    }
    expect((await stage.gateway.usageOf(stage.user)).length).toBe(6)
  })
})

describe('the length of an answer', () => {
  const predicted = (stage: Stage): unknown => {
    const [last] = stage.ollama.calls('/api/chat').slice(-1)
    const { options } = (last?.json() ?? {}) as { options?: { num_predict?: number } }
    return options?.num_predict
  }

  test('is clamped to what is left, also for those who manage models', async () => {
    await using stage = await setStage()
    const admin = await stage.gateway.administrator()
    const rule = { gateway: 'ollama', amounts: [{ unit: 'tokens', window: 'day', amount: 500 }] }
    await stage.gateway.admin.limits.set(TESTER, { user: admin.username }, rule as never)
    await limit(stage, 'tokens per day', 500)
    for (const as of [stage.user, admin]) {
      expect((await chat(stage, { ...SHORT, options: { num_predict: -1 } }, { as })).status).toBe(
        200,
      )
      expect(predicted(stage)).toBeWithin(400, 500)
      await chat(stage, { ...SHORT, options: { num_predict: 20 } }, { as })
      expect(predicted(stage)).toBe(20)
    }
  })

  test('is left alone where no limit on tokens applies', async () => {
    await using stage = await setStage()
    await limit(stage, 'requests per day', 500)
    await chat(stage, SHORT)
    expect(predicted(stage)).toBe(32_768)
  })

  test('has a default that parallel requests leave room for each other by', async () => {
    await using stage = await setStage({ settings: { defaultPredictTokens: 100 } })
    await limit(stage, 'tokens per day', 1000)
    const statuses = await Promise.all(Array.from({ length: 5 }, () => chat(stage)))
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(predicted(stage)).toBe(100)
  })
})

test('an answer ends with an error record when the compute time of its limit is used up', async () => {
  await using stage = await setStage()
  await limit(stage, 'compute-seconds per hour', 1)
  stage.ollama.once('/api/chat', [stream([chatChunk(MODEL, 'one')]), hang()])
  const records = await readRecords(await stage.post('/ollama/api/chat', CHAT)).rest()
  expect(records.at(-1)).toMatchObject({ code: 'limit_reached' })
  await stage.gateway.accounted(1)
  const [row] = await stage.gateway.usageOf(stage.user)
  expect(row).toMatchObject({ outcome: 'cancelled', error_code: 'limit_reached', status: 200 })
  expect(Number(row?.compute_ms)).toBeGreaterThanOrEqual(1000)
  expect((await chat(stage)).status).toBe(429)
})
