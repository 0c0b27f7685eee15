import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../app/errors/gateway-error.ts'
import { outcome } from './support/app.ts'
import { chatRequest, createGuardedApp, GOOD } from './support/guarded-app.ts'
import { principal } from './support/principal.ts'
import { watchedRequest } from './support/watched-body.ts'

const URL = 'http://h/ollama/api/chat'
const POWERLESS = principal({ permissions: new Set() })
const JSON_TYPE = { 'content-type': 'application/json' }

describe('an address that has failed too often', () => {
  const shut = async (change: Parameters<typeof createGuardedApp>[0] = {}) => {
    const guarded = createGuardedApp({ failures: 1, ...change })
    expect((await guarded.send(chatRequest({ headers: {} }))).status).toBe(401)
    guarded.steps.length = 0
    return guarded
  }

  test.each<[string, Record<string, string>]>([
    ['no key', {}],
    ['a key that is not good', { 'x-api-key': 'bad' }],
    ['a key that is good, but was not seen before', { 'x-api-key': GOOD }],
    ['two keys', { authorization: `Bearer ${GOOD}`, 'x-api-key': 'other' }],
    ['something that is no key', { authorization: 'Basic eDp5' }],
  ])('is refused with %s, and nothing is looked up', async (_, headers) => {
    const { send, steps } = await shut()
    const { request, reads } = watchedRequest(URL, { headers: { ...JSON_TYPE, ...headers } })
    const response = await send(request)
    const seconds = Number(response.headers.get('retry-after'))
    expect([seconds > 0, seconds <= 60]).toEqual([true, true])
    expect(await outcome(response)).toEqual([429, 'too_many_failures'])
    expect([steps, reads()]).toEqual([[], 0])
  })

  test('is served with a key that was good a moment ago, in a header or in the path', async () => {
    const { send } = await shut({ known: [GOOD], acceptsKeyInPath: true })
    expect((await send(chatRequest())).status).toBe(200)
    const path = `/ollama/k/${GOOD}/api/chat`
    expect((await send(chatRequest({ path, headers: {} }))).status).toBe(200)
  })

  test('gets 401 for such a key when it is no longer good', async () => {
    const { send, steps } = await shut({ known: ['was-good'] })
    expect((await send(chatRequest({ headers: { 'x-api-key': 'was-good' } }))).status).toBe(401)
    expect(steps).toEqual(['verify'])
  })

  test('is no address that was refused for something else', async () => {
    const powerless = createGuardedApp({ failures: 1, principal: POWERLESS })
    for (let i = 0; i < 3; i++) expect((await powerless.send(chatRequest())).status).toBe(403)
    const lost = createGuardedApp({ failures: 1, databaseIsDown: true })
    for (let i = 0; i < 3; i++) expect((await lost.send(chatRequest())).status).toBe(503)
    const revoked = createGuardedApp({ failures: 1 })
    revoked.state.handler = () => Promise.reject(new GatewayError('revoked', 'withdrawn'))
    for (let i = 0; i < 3; i++) expect((await revoked.send(chatRequest())).status).toBe(401)
  })

  test('has had no more keys looked up than it may fail, also when all come at once', async () => {
    const { send, steps } = createGuardedApp({ failures: 60 })
    const bad = () => send(chatRequest({ headers: { 'x-api-key': 'bad' } }))
    const answers = await Promise.all(Array.from({ length: 200 }, bad))
    const statuses = Object.groupBy(answers, ({ status }) => status)
    expect([statuses[401]?.length, statuses[429]?.length]).toEqual([60, 140])
    expect(steps).toHaveLength(60)
  })
})
