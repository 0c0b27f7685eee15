import { describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { mintApiKey } from '../../../app/domain/api-key.ts'
import type { ErrorCode } from '../../../app/errors/codes.ts'
import { GatewayError } from '../../../app/errors/gateway-error.ts'
import { accessLog } from '../../../app/middleware/access-log.ts'
import { createTestApp, SOCKET } from '../support/app.ts'
import { createClock } from '../support/clock.ts'
import { memoryLog } from '../support/memory-log.ts'

const KEY = mintApiKey(randomBytes).text

/** What is logged of one request. */
async function logged(path: string, fail?: unknown, headers: Record<string, string> = {}) {
  const log = memoryLog()
  const clock = createClock(1_000_000)
  const app = createTestApp(1_000_000)
  app.use(accessLog({ log, clock }))
  app.get('*', (c) => {
    clock.advance(30)
    if (fail !== undefined) throw fail
    return c.text('x', 201)
  })
  await app.request(`http://h${path}`, { headers }, SOCKET)
  expect(log.entries).toHaveLength(1)
  return log.entries[0]
}

test('a request that went well is one line at the level debug, with what it was', async () => {
  expect(await logged('/ollama/api/tags')).toMatchObject({
    level: 'debug',
    fields: {
      ...{ request_id: 'request-1', method: 'GET', path: '/ollama/api/tags' },
      ...{ status: 201, ms: 30 },
    },
  })
})

describe('a request that was refused', () => {
  test('is one line that gives the reason by its code', async () => {
    const entry = await logged('/x', new GatewayError('forbidden', 'no'))
    expect(entry).toMatchObject({ level: 'info', message: 'request refused' })
    expect(entry?.fields).toMatchObject({
      ...{ status: 403, reason: 'forbidden', err: 'no', peer: '192.0.2.7' },
    })
  })

  test.each<[ErrorCode, string]>([
    ['unauthorized', 'info'],
    ['model_not_found', 'info'],
    ['not_implemented', 'info'],
    ['gateway_disabled', 'info'],
    ['database_unavailable', 'error'],
    ['upstream_error', 'error'],
    ['internal', 'error'],
  ])('because of %s is logged at the level %s', async (code, level) => {
    expect(await logged('/x', new GatewayError(code, 'text'))).toMatchObject({ level })
  })

  test('by an error that nobody foresaw is logged with what really happened', async () => {
    const cause = new Error('SELECT failed')
    const entry = await logged('/x', cause)
    expect(entry).toMatchObject({ level: 'error', fields: { status: 500, reason: 'internal' } })
    expect(entry?.fields).toHaveProperty('err', cause)
  })
})

describe('a line never holds', () => {
  test('the query string, or a header of the caller', async () => {
    const headers = { authorization: `Bearer ${KEY}`, 'user-agent': 'agent-1', cookie: 'c=1' }
    const line = JSON.stringify(await logged('/x?key=hunter2', undefined, headers))
    expect(line).not.toMatch(/hunter2|plk_|agent-1|c=1/)
  })

  test('more than 200 characters of the path', async () => {
    const entry = await logged(`/${'x'.repeat(5000)}`)
    expect(entry?.fields).toHaveProperty('path', `/${'x'.repeat(199)}`)
  })

  test.each([
    '/ollama/k/KEY/api/chat',
    '/ollama/k/KEY',
    '/Ollama/k/KEY/api/chat',
    '/k/KEY/api',
    '/KEY',
  ])('a key that stands in the path, in the right place or not: %s', async (path) => {
    expect(JSON.stringify(await logged(path.replace('KEY', KEY)))).not.toContain(KEY)
  })
})
