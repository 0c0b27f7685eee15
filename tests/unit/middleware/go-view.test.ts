import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { type ChatRequest, chatRequest } from '../../../app/domain/native.ts'
import { bodyOf, jsonBody } from '../../../app/middleware/body.ts'
import { chatForUpstream } from '../../../app/upstream/policy.ts'
import { readGoBody } from '../../support/fake-ollama/go-body.ts'
import { createTestApp, SOCKET } from '../support/app.ts'

const POLICY = {
  trusted: false,
  maxPredictTokens: 100,
  remainingTokens: null,
  maxContextTokens: 0,
  fields: new Set<string>(),
}

const app = createTestApp()
app.post('/', jsonBody(bodyOf(chatRequest), { maxBytes: 100_000, timeoutMs: 5000 }), (c) =>
  c.json(c.get('body')),
)

/** What we read from a body, or null when we refuse it. */
async function ours(body: string): Promise<ChatRequest | null> {
  const headers = { 'content-type': 'application/json' }
  const request = new Request('http://h/', { method: 'POST', body, headers })
  const response = await app.request(request, undefined, SOCKET)
  return response.ok ? ((await response.json()) as ChatRequest) : null
}

const object = (members: readonly (readonly [string, string])[]): string =>
  `{${members.map(([key, value]) => `"${key}":${value}`).join(',')}}`
const keyed = (keys: readonly string[], values: readonly string[]) =>
  fc.tuple(fc.constantFrom(...keys), fc.constantFrom(...values))

const MODEL_KEYS = ['model', 'MODEL', 'Model', 'mo\\u0064el', '\\u004dodel', 'models']
const model = keyed(MODEL_KEYS, ['"allowed"', '"secret"', 'null', '5'])
const options = fc
  .array(
    keyed(['num_predict', 'NUM_PREDICT', 'num_ctx', 'Num_Ctx', 'seed'], ['1', '1e9', '-1', 'null']),
    { maxLength: 3 },
  )
  .map((members) => object(members))
const others = fc.tuple(
  fc.constantFrom(
    'options',
    'Options',
    'x',
    'stream',
    'me\u017f\u017fages',
    'messages',
    '\u212Aeep_alive',
  ),
  fc.oneof(options, fc.constantFrom('[]', 'true', '{"model":"secret"}', '[{"role":"user"}]')),
)
const body = fc
  .array(fc.oneof({ weight: 2, arbitrary: model }, others), { maxLength: 5 })
  .map((members) => object([['model', '"allowed"'], ...members]))

test('a body that is accepted means the same to Ollama as to us', async () => {
  let accepted = 0
  const property = fc.asyncProperty(body, async (text) => {
    const read = await ours(text)
    if (!read) return
    accepted++
    const go = readGoBody(text, 'ChatRequest')
    expect([go.text('model'), go.flag('stream')]).toEqual([read.model, read.stream ?? undefined])
  })
  await fc.assert(property, { numRuns: 1500 })
  expect(accepted).toBeGreaterThan(100)
})

test('what is sent to Ollama names our model and keeps our limits, however Go reads it', async () => {
  const property = fc.asyncProperty(body, async (text) => {
    const read = await ours(text)
    if (!read) return
    let sent: string
    try {
      sent = JSON.stringify(chatForUpstream(read, 'canonical:latest', POLICY))
    } catch (err) {
      expect(err).toHaveProperty('code', 'bad_request')
      return
    }
    const go = readGoBody(sent, 'ChatRequest')
    expect(go.text('model')).toBe('canonical:latest')
    const { num_predict, num_ctx, ...rest } = go.map('options')
    expect(Number(num_predict)).toBeLessThanOrEqual(100)
    expect(num_ctx).toBeUndefined()
    expect(Object.keys(rest).filter((key) => key !== 'seed')).toEqual([])
  })
  await fc.assert(property, { numRuns: 1000 })
})
