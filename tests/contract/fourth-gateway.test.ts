import { afterAll, describe, expect, test } from 'bun:test'
import { z } from 'zod'
import type { GenerateRequest } from '../../app/domain/native.ts'
import { generateBytes, predictTokensOf } from '../../app/domain/native.ts'
import type { GenerateRecord } from '../../app/domain/native-answer.ts'
import type { StreamDialect } from '../../app/errors/dialect.ts'
import { AS_IT_COMES, type Encoder } from '../../app/gateways/encoder.ts'
import { type Gateway, operation } from '../../app/gateways/gateway.ts'
import { GATEWAYS } from '../../app/gateways/registry.ts'
import { bodyOf } from '../../app/middleware/body.ts'
import { generateForUpstream } from '../../app/upstream/policy.ts'
import { until } from '../integration/limits/until.ts'
import { TESTER } from '../support/builders.ts'
import { generateRecords } from '../support/fake-ollama/records.ts'
import { stream } from '../support/fake-ollama/script.ts'
import { MODEL, setStage } from '../support/gateway/stage.ts'
import { describeDenials } from './denial-suite.ts'
import { routesOf } from './routes.ts'

const dialect: StreamDialect = {
  mediaType: 'application/json',
  body: (err) => JSON.stringify({ error: { message: err.message, oops: err.code } }),
  ending: (err) => `! ${err.message}\n`,
}

const decode = (body: { model?: string | undefined; say: string }): GenerateRequest => ({
  model: body.model,
  prompt: body.say,
})

/** Plain text, as a telegram has it. */
const telegram: Encoder = {
  ...AS_IT_COMES,
  mediaType: 'text/plain',
  document: null,
  lines: (lines) => {
    const records = new TextDecoder().decode(lines).trimEnd().split('\n')
    const words = records.map((line) => (JSON.parse(line) as GenerateRecord).response ?? '')
    return new TextEncoder().encode(words.join('').toUpperCase())
  },
}

/** All that a gateway takes: where it is, how it speaks and is spoken to, and one operation. */
const tiny: Gateway = {
  name: 'tiny',
  basePath: '/tiny',
  dialect,
  features: ['telegrams'],
  hints: ({ base }) => ({
    title: 'Telegrams',
    programs: 'For operators.',
    examples: [{ label: 'Line', code: base }],
  }),
  operations: [
    operation({
      name: 'telegram',
      method: 'POST',
      paths: ['/telegrams'],
      permissions: [],
      body: bodyOf(z.object({ model: z.string().optional(), say: z.string() }), decode),
      model: (body) => body.model,
      work: { promptBytes: generateBytes, predictTokens: predictTokensOf },
      handle: (call, { relay }) => {
        const request = generateForUpstream(call.body, call.model ?? '', call.policy)
        const body = JSON.stringify(request)
        const sent = { method: 'POST', endpoint: '/api/generate', body } as const
        return relay.send(call, sent, { encoder: telegram })
      },
    }),
  ],
}

const gateways = [...GATEWAYS, tiny]
const requests = { 'tiny POST telegram': { body: { model: MODEL, say: 'hi' } } }

const stage = await setStage({ gateways })
const { gateway } = stage
afterAll(() => stage[Symbol.asyncDispose]())

await describeDenials(stage, routesOf([tiny], requests), { gateways })

describe('a gateway that somebody adds, with nothing else changed,', () => {
  const user = async () =>
    gateway.user({ roles: [await gateway.role({ permissions: ['gateway:tiny'] })] })
  const BODY = { model: MODEL, say: 'hi' }

  test('speaks its own language, and has its use in the ledger and the metrics', async () => {
    const as = await user()
    stage.ollama.once('/api/generate', stream(generateRecords(MODEL, ['Grü', 'ße'])))
    const response = await stage.post('/tiny/telegrams', BODY, { as })
    expect(response.headers.get('content-type')).toBe('text/plain')
    expect(await response.text()).toBe('GRÜSSE')
    expect(await gateway.usageOf(as)).toMatchObject([
      { gateway: 'tiny', operation: 'telegram', prompt_tokens: 11, completion_tokens: 3 },
    ])
    const metrics = await stage.get('/metrics', { as: await gateway.administrator() })
    expect(await metrics.text()).toContain(
      'parallama_requests_total{gateway="tiny",operation="telegram",outcome="completed",status_class="2xx"}',
    )
  })

  test('tells a failure in mid-stream in its own words', async () => {
    const as = await user()
    stage.ollama.once('/api/generate', stream([{ response: 'half', done: false }]))
    const response = await stage.post('/tiny/telegrams', BODY, { as })
    expect(await response.text()).toBe('HALF! Ollama ended its answer early; try again\n')
  })

  test('is on the page at the root, as it describes itself', async () => {
    const page = await stage.get('/', { as: null, headers: { accept: 'text/html' } })
    const text = await page.text()
    expect(text).toContain('Telegrams')
    expect(text).toContain(`${gateway.url}/tiny</code>`)
  })

  test('has limits of its own', async () => {
    const as = await user()
    const amounts = [{ unit: 'requests', window: 'minute', amount: 1 }] as const
    const proposal = { gateway: 'tiny', amounts }
    await gateway.admin.limits.set(TESTER, { user: as.username }, proposal)
    const send = () => stage.post('/tiny/telegrams', BODY, { as })
    expect((await send()).status).toBe(200)
    const refused = await send()
    expect(refused.status).toBe(429)
    expect(await refused.json()).toMatchObject({ error: { oops: 'limit_reached' } })
  })

  test('has aliases, and can be switched off', async () => {
    const as = await user()
    await gateway.admin.gateways.setAlias(TESTER, 'tiny', 'bird', MODEL)
    const send = () => stage.post('/tiny/telegrams', { ...BODY, model: 'bird' }, { as })
    // Another process has made the changes: they hold when this one has seen them.
    const becomes = (status: number) => until(async () => (await send()).status === status)
    await becomes(200)
    expect(await (await send()).text()).toBe(`HELLO FROM ${MODEL.toUpperCase()}, A FAKE MODEL.`)
    await gateway.admin.gateways.toggle(TESTER, 'tiny', false)
    await becomes(503)
    expect(await (await send()).json()).toMatchObject({ error: { oops: 'gateway_disabled' } })
    await gateway.admin.gateways.toggle(TESTER, 'tiny', true)
    await becomes(200)
  })
})
