import { describe, expect, test } from 'bun:test'
import { Registry } from 'prom-client'
import type { UsageRecord } from '../../../app/domain/usage.ts'
import { createRequestMetrics } from '../../../app/metrics/requests.ts'
import { usageRecord } from '../support/usage-record.ts'
import { countedOf, samplesOf } from './exposition.ts'

/** What is shown after requests that left such rows: the usual one, with what is different. */
async function observed(...rows: Partial<UsageRecord>[]): Promise<string> {
  const registry = new Registry()
  const { observeRequest } = createRequestMetrics(registry)
  for (const row of rows) observeRequest({ ...usageRecord('1'), ...row })
  return await registry.metrics()
}

const PULL = { operation: 'pull', model: null, promptTokens: 0, completionTokens: 0 }

test('requests are counted by gateway, operation, outcome and class of their status', async () => {
  const name = 'parallama_requests_total'
  const text = await observed(
    {},
    { model: 'other:latest' },
    { outcome: 'cancelled', status: 499, errorCode: 'client_closed' },
    { outcome: 'failed', status: 502, errorCode: 'upstream_error' },
    { gateway: 'openai', operation: 'embed' },
  )
  const chat = 'gateway="ollama",operation="chat"'
  expect(countedOf(text, name)).toEqual({
    [`${name}{${chat},outcome="completed",status_class="2xx"}`]: 2,
    [`${name}{${chat},outcome="cancelled",status_class="4xx"}`]: 1,
    [`${name}{${chat},outcome="failed",status_class="5xx"}`]: 1,
    [`${name}{gateway="openai",operation="embed",outcome="completed",status_class="2xx"}`]: 1,
  })
})

test('no user, key, host or request is named', async () => {
  const text = await observed({
    requestId: 'chosen',
    userId: 'anna',
    keyId: 'k1',
    backend: 'gpu-9',
  })
  expect(text).not.toMatch(/chosen|anna|k1|gpu-9/)
})

describe('tokens', () => {
  const name = 'parallama_tokens_total'

  test('are counted by gateway, model and kind, estimated ones too', async () => {
    const text = await observed({}, { estimated: true }, { model: 'qwen3:8b', completionTokens: 1 })
    expect(countedOf(text, name)).toEqual({
      [`${name}{gateway="ollama",model="llama3:latest",kind="prompt"}`]: 22,
      [`${name}{gateway="ollama",model="llama3:latest",kind="completion"}`]: 36,
      [`${name}{gateway="ollama",model="qwen3:8b",kind="prompt"}`]: 11,
      [`${name}{gateway="ollama",model="qwen3:8b",kind="completion"}`]: 1,
    })
  })

  test('of an operation that makes none leave no series', async () => {
    const text = await observed(PULL, { ...PULL, operation: 'show', model: 'llama3:latest' })
    expect(Object.keys(samplesOf(text)).filter((key) => key.startsWith(name))).toEqual([])
  })

  test('of more than 200 models are counted together from there on', async () => {
    const models = Array.from({ length: 230 }, (_, i) => ({ model: `m${i}:latest` }))
    const prompts = countedOf(await observed(...models, ...models), name)
    const series = Object.keys(prompts).filter((key) => key.includes('kind="prompt"'))
    expect(series).toHaveLength(201)
    const of = (model: string) =>
      prompts[`${name}{gateway="ollama",model="${model}",kind="prompt"}`]
    expect([of('m0:latest'), of('m199:latest'), of('other')]).toEqual([22, 22, 2 * 30 * 11])
  })
})

describe('durations', () => {
  const chat = 'gateway="ollama",operation="chat"'

  test('are counted in seconds, by gateway and operation', async () => {
    const text = await observed({}, { totalMs: 4_000_000 }, { gateway: 'openai', totalMs: 0 })
    const name = 'parallama_request_seconds'
    expect(samplesOf(text)).toMatchObject({
      [`${name}_bucket{le="0.25",${chat}}`]: 0,
      [`${name}_bucket{le="0.5",${chat}}`]: 1,
      [`${name}_bucket{le="1800",${chat}}`]: 1,
      [`${name}_bucket{le="+Inf",${chat}}`]: 2,
      [`${name}_sum{${chat}}`]: 4000.4,
      [`${name}_count{gateway="openai",operation="chat"}`]: 1,
    })
  })

  const name = 'parallama_first_token_seconds'

  test('to the first token are those of streamed answers', async () => {
    const text = await observed({}, { firstTokenMs: 15 }, { firstTokenMs: null })
    expect(samplesOf(text)).toMatchObject({
      [`${name}_bucket{le="0.025",${chat}}`]: 1,
      [`${name}_bucket{le="0.05",${chat}}`]: 2,
      [`${name}_sum{${chat}}`]: 0.045,
      [`${name}_count{${chat}}`]: 2,
    })
  })

  test.each([
    ['a download', PULL],
    ['a model that was only loaded', { completionTokens: 0 }],
  ])('to the first record of %s are not about a token', async (_, row) => {
    expect(countedOf(await observed({ ...row, firstTokenMs: 30 }), name)).toEqual({})
  })

  test('of a clock that was set back count as none', async () => {
    const text = await observed({ totalMs: -3_600_000, firstTokenMs: -3_600_000 })
    expect(samplesOf(text)).toMatchObject({
      [`${name}_sum{${chat}}`]: 0,
      [`${name}_count{${chat}}`]: 1,
      [`parallama_request_seconds_sum{${chat}}`]: 0,
      [`parallama_request_seconds_count{${chat}}`]: 1,
    })
  })
})
