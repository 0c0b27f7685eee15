import { expect, test } from 'bun:test'
import { createTestServer } from '../support/test-server.ts'

const NOBODY = {}
const ready = (limits: 'exact' | 'local') => ({
  status: 'ok',
  checks: { database: true, draining: false, limits },
})

test.each(['exact', 'local'] as const)(
  '/readyz with %s limits is ready and says which they are',
  async (mode) => {
    const response = await createTestServer({ limiterMode: () => mode })('GET', '/readyz', NOBODY)
    expect([response.status, await response.json()]).toEqual([200, ready(mode)])
  },
)

test('/readyz says what is wrong, whatever the limits are', async () => {
  const send = createTestServer({ databaseAnswers: () => false, limiterMode: () => 'local' })
  const response = await send('GET', '/readyz', NOBODY)
  expect([response.status, await response.json()]).toEqual([
    503,
    { status: 'unavailable', checks: { database: false, draining: false, limits: 'local' } },
  ])
})
