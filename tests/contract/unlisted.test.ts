import { afterAll, describe, expect, test } from 'bun:test'
import { setStage } from '../support/gateway/stage.ts'

const stage = await setStage({ settings: { rootAliases: true } })
const admin = await stage.gateway.administrator()
afterAll(() => stage[Symbol.asyncDispose]())

/** What Ollama has for the owner of its account, for the web, and for whoever debugs it. */
const OPERATORS = [
  '/api/me',
  '/api/signout',
  '/api/user/keys/c3NoLWVkMjU1MTk',
  '/api/status',
  '/api/experimental/web_search',
  '/api/experimental/web_fetch',
  '/api/experimental/model-recommendations',
]
const NOBODYS = [
  '/api',
  '/api/nothing',
  '/api/chat/more',
  '/api/blobs',
  '/api/blobs/sha256:00/more',
  '/v1/rerank',
  '/v1/files',
  '/debug/pprof',
  '/metrics',
]

describe.each([...OPERATORS, ...NOBODYS].map((path) => `/ollama${path}`))('%s', (path) => {
  test.each(['GET', 'POST', 'PUT', 'DELETE'])(
    'does not exist for %s, whoever asks',
    async (method) => {
      for (const as of [null, stage.user, admin]) {
        const response = await stage.get(path, { as, method })
        expect(response.status).toBe(404)
        expect(response.headers.get('content-type')).toBe('application/json')
        expect(await response.json()).toEqual({
          error: 'there is nothing at this address',
          code: 'not_found',
          status: 404,
          request_id: response.headers.get('x-request-id'),
        })
      }
    },
  )
})

describe.each(OPERATORS)('%s, where root aliases are switched on', (path) => {
  test.each(['GET', 'POST', 'DELETE'])('does not exist for %s', async (method) => {
    const response = await stage.get(path, { as: admin, method })
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({
      code: 'not_found',
      request_id: expect.any(String),
    })
  })
})

test('none of these requests has reached Ollama', () => {
  expect(stage.asked()).toEqual([])
  expect(stage.ollama.cloudCalls).toEqual([])
})
