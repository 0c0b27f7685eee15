import { describe, expect, test } from 'bun:test'
import { refusals } from '../../../app/api/refusals.ts'
import type { ErrorCode } from '../../../app/errors/codes.ts'
import { GatewayError } from '../../../app/errors/gateway-error.ts'
import { createApp } from '../../../app/factory.ts'
import type { Act } from '../../../app/services/audit-trail.ts'
import { SOCKET } from '../support/app.ts'
import { createClock } from '../support/clock.ts'
import { principal } from '../support/principal.ts'

/** An endpoint that ends as `outcome` says, and what was noted of it. */
function createEndpoint() {
  const clock = createClock(1000)
  const noted: { act: Act; code: ErrorCode }[] = []
  const state: { outcome: unknown; userId: string } = { outcome: null, userId: 'user-1' }
  const app = createApp()
  app.onError((err, c) => c.text(err.message, err instanceof GatewayError ? 400 : 500))
  app.use(async (c, next) => {
    c.set('requestId', 'request-1')
    c.set('principal' as never, principal({ userId: state.userId, username: 'anna' }) as never)
    await next()
  })
  app.use(
    refusals(
      {
        clock,
        callerAddress: () => '192.0.2.7',
        recordRefusal: async (act, err) => void noted.push({ act, code: err.code }),
      },
      'user.create',
    ) as never,
  )
  app.all('*', (c) => {
    if (state.outcome !== null) throw state.outcome
    return c.text('done')
  })
  const call = async (outcome: unknown, method = 'POST', path = '/admin/users'): Promise<void> => {
    state.outcome = outcome
    await app.request(`http://h${path}`, { method }, SOCKET)
  }
  return { call, noted, clock, state }
}

const refused = (code: ErrorCode) => new GatewayError(code, 'no')

describe('the audit log', () => {
  test('is told who was refused what, from where and by which request', async () => {
    const { call, noted } = createEndpoint()
    await call(refused('forbidden'), 'DELETE', '/admin/users/bob')
    expect(noted).toMatchObject([
      {
        code: 'forbidden',
        act: {
          action: 'user.create',
          target: '/admin/users/bob',
          actor: { name: 'user:anna', address: '192.0.2.7', requestId: 'request-1' },
        },
      },
    ])
  })

  test.each(['forbidden', 'not_found', 'conflict', 'invalid'] as const)(
    'is told of what tells of somebody who tries: %s',
    async (code) => {
      const { call, noted } = createEndpoint()
      await call(refused(code))
      expect(noted.map((entry) => entry.code)).toEqual([code])
    },
  )

  test('is not told of what was done, of mistakes in form, of our own failures, nor of mistyped filters', async () => {
    const { call, noted } = createEndpoint()
    await call(null)
    for (const code of ['bad_request', 'body_too_large', 'unsupported_media_type'] as const) {
      await call(refused(code))
    }
    await call(refused('database_unavailable'))
    await call(new Error('a bug'))
    await call(refused('invalid'), 'GET')
    await call(refused('invalid'), 'HEAD')
    expect(noted).toEqual([])
    await call(refused('not_found'), 'GET')
    expect(noted).toHaveLength(1)
  })

  test('is not the caller’s to fill: 60 a minute are noted of each', async () => {
    const { call, noted, clock, state } = createEndpoint()
    for (let i = 0; i < 100; i++) await call(refused('not_found'))
    expect(noted).toHaveLength(60)
    state.userId = 'user-2'
    await call(refused('not_found'))
    expect(noted).toHaveLength(61)
    state.userId = 'user-1'
    clock.advance(59_999)
    await call(refused('not_found'))
    expect(noted).toHaveLength(61)
    clock.advance(1)
    for (let i = 0; i < 100; i++) await call(refused('not_found'))
    expect(noted).toHaveLength(121)
  })

  test('keeps of a path no more than 200 characters', async () => {
    const { call, noted } = createEndpoint()
    await call(refused('not_found'), 'DELETE', `/admin/users/${'x'.repeat(5000)}`)
    expect(noted[0]?.act.target).toHaveLength(200)
  })
})
