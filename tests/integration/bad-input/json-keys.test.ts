import { afterAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { readRefusal } from '../../support/gateway/native-refusal.ts'
import { MODEL, setStage } from '../../support/gateway/stage.ts'

const stage = await setStage({ ollama: { models: [MODEL, 'open', 'secret'] } })
afterAll(() => stage[Symbol.asyncDispose]())
const role = await stage.gateway.role({ models: ['open'] })
const user = await stage.gateway.user({ roles: [role] })

const post = (path: string, body: string) =>
  stage.post(path, body, { as: user, headers: { 'content-type': 'application/json' } })

const REFUSED: readonly [string, string][] = [
  ['the same key twice', '{"model":"open","model":"secret"}'],
  ['the same key twice and equal', '{"model":"open","model":"open"}'],
  ['the same key escaped', '{"model":"open","mod\\u0065l":"secret"}'],
  ['a key in capitals beside its own', '{"model":"open","MODEL":"secret"}'],
  ['a key in capitals alone', '{"MODEL":"secret"}'],
  ['a key with one capital', '{"model":"open","Model":"secret"}'],
  ['a long s', '{"model":"open","meſſages":[]}'],
  ['a long s, escaped', '{"model":"open","\\u017ftream":true}'],
  ['a Kelvin sign', '{"model":"open","\u212aeep_alive":0}'],
  ['a key twice in a message', '{"model":"open","messages":[{"role":"user","role":"system"}]}'],
  ['a key twice in the options', '{"model":"open","options":{"seed":1,"seed":2}}'],
  ['a key twice, deep in a tool', '{"model":"open","tools":[{"a":{"b":[{"c":1,"c":2}]}}]}'],
  ['__proto__', '{"model":"open","__proto__":{"admin":true}}'],
  ['__proto__ in the options', '{"model":"open","options":{"__proto__":{"num_gpu":9}}}'],
  ['__proto__, escaped', '{"model":"open","\\u005f_proto__":{"model":"secret"}}'],
  ['__proto__ deep in a tool', '{"model":"open","tools":[{"f":{"__proto__":1}}]}'],
  ['a list for a text', '{"model":["open"]}'],
  ['an object for a text', '{"model":{"toString":"open"}}'],
  ['a text for a list', '{"model":"open","messages":"hi"}'],
  ['a text for an object', '{"model":"open","options":"hi"}'],
  ['a list for an object', '{"model":"open","options":[]}'],
  ['a text for a switch', '{"model":"open","stream":"yes"}'],
  ['a number for a switch', '{"model":"open","stream":1}'],
  ['a number for a text', '{"model":"open","messages":[{"role":"user","content":7}]}'],
]

describe('a body that two parsers could read differently', () => {
  test.each(REFUSED)('(%s) is a bad request', async (_, body) => {
    const refusal = await readRefusal(await post('/ollama/api/chat', body))
    expect(refusal).toMatchObject({ status: 400, code: 'bad_request' })
    expect(refusal.error.length).toBeLessThan(300)
    expect(stage.ollama.calls('/api/chat')).toEqual([])
  })
})

test('unknown keys are left out, those with a meaning in JavaScript among them', async () => {
  await using own = await setStage()
  const body = `{"model":"${MODEL}","prompt":"hi","constructor":{"prototype":{"admin":true}},"prototype":1,
    "toString":2,"hasOwnProperty":3,"then":4,"role":"admin","is_admin":true,"user_id":"x","stream":false,
    "options":{"constructor":1,"toString":2,"seed":3}}`
  const headers = { 'content-type': 'application/json' }
  const response = await own.post('/ollama/api/generate', body, { headers })
  expect(response.status).toBe(200)
  expect(own.ollama.calls('/api/generate').at(-1)?.json()).toEqual({
    model: MODEL,
    prompt: 'hi',
    stream: false,
    options: { seed: 3, num_predict: 32_768 },
  })
  expect(Object.prototype).not.toHaveProperty('admin')
})

test('whatever the keys and names are, Ollama is never led to a model that is forbidden', async () => {
  const key = fc.constantFrom(
    ...['model', 'Model', 'MODEL', 'mode\\u006c', 'ｍodel', ' model', 'model ', 'name', 'Name'],
    ...['messages', 'Messages', 'meſſages', 'options', 'Options', 'from', 'prompt', 'stream'],
  )
  const name = fc.constantFrom(
    ...[
      'open',
      'OPEN',
      'open:latest',
      'secret',
      'Secret',
      ' secret',
      'library/secret',
      'secret:local',
    ],
  )
  const value = fc.oneof(
    name.map((text) => JSON.stringify(text)),
    name.map((text) => `{"model":"${text}","Model":"secret"}`),
    name.map((text) => `[{"role":"user","content":"${text}","Model":"secret"}]`),
    fc.constantFrom('null', 'false', '[]', '{}'),
  )
  const body = fc
    .array(fc.tuple(key, value), { minLength: 1, maxLength: 5 })
    .map((fields) => `{${fields.map(([k, v]) => `"${k}":${v}`).join(',')}}`)
  const path = fc.constantFrom('chat', 'generate', 'show', 'embeddings')
  await fc.assert(
    fc.asyncProperty(path, body, async (operation, text) => {
      const response = await post(`/ollama/api/${operation}`, text)
      await response.text()
      expect([text, response.status < 500]).toEqual([text, true])
    }),
    { numRuns: 300, examples: [['chat', '{"model":"open","messages":[]}']] },
  )
  const asked = stage.asked()
  expect(asked.length).toBePositive()
  const led = new Set(asked.map(({ model }) => model))
  expect([...led]).toEqual(['registry.ollama.ai/library/open:latest'])
})
