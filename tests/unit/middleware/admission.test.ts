import { describe, expect, test } from 'bun:test'
import { GatewayError } from '../../../app/errors/gateway-error.ts'
import { outcome } from '../support/app.ts'
import { chatRequest, createGuardedApp } from '../support/guarded-app.ts'

test('an admitted request opens an account of who asks what of which model', async () => {
  const { send, accounts } = createGuardedApp()
  await send(chatRequest())
  expect(accounts.map(({ admission }) => admission)).toMatchObject([
    {
      requestId: 'request-1',
      principal: { userId: 'user-1', keyId: 'key-1' },
      gateway: 'ollama',
      operation: 'chat',
      model: 'llama3:latest',
      startedAt: 1_000_000,
    },
  ])
})

test('how much text the model reads is counted when it is asked for, not before', async () => {
  let counted = 0
  const promptBytes = ({ model }: { model: string }) => {
    counted++
    return model.length
  }
  const { send, accounts } = createGuardedApp(
    {},
    { work: { promptBytes, predictTokens: () => null } },
  )
  await send(chatRequest())
  expect(counted).toBe(0)
  expect(accounts[0]?.admission.promptBytes?.()).toBe('llama3'.length)
})

test('an operation without a body or a model has an account all the same', async () => {
  const { send, accounts } = createGuardedApp({}, { body: null, model: null, work: null })
  await send(chatRequest())
  expect(accounts[0]?.admission).toMatchObject({ model: null, promptBytes: null })
  expect(accounts[0]?.endings).toHaveLength(1)
})

describe('the account is settled once', () => {
  const endings = async (handler: () => Promise<Response>, path?: string) => {
    const { send, accounts, state } = createGuardedApp()
    state.handler = handler
    await send(chatRequest(path ? { path } : {}))
    return accounts[0]?.endings
  }

  test('as completed when the handler answered', async () => {
    const ending = { status: 201, outcome: 'completed' } as const
    expect(await endings(async () => new Response('x', { status: 201 }))).toEqual([ending])
  })

  test.each([
    [new GatewayError('upstream_error', 'x'), 502, 'failed', 'upstream_error'],
    [new GatewayError('upstream_busy', 'x'), 503, 'failed', 'upstream_busy'],
    [new GatewayError('bad_request', 'x', { status: 413 }), 413, 'failed', 'bad_request'],
    [new GatewayError('client_closed', 'x'), 499, 'cancelled', 'client_closed'],
    [new GatewayError('revoked', 'x'), 401, 'cancelled', 'revoked'],
    [new TypeError('x'), 500, 'failed', 'internal'],
  ] as const)('with the reason when it threw: %s', async (err, status, ended, errorCode) => {
    const thrown = await endings(() => Promise.reject(err))
    expect(thrown).toEqual([{ status, outcome: ended, errorCode }])
  })

  test('by whoever watches the stream when it was put off, not here', async () => {
    const path = '/ollama/api/chat?defer'
    expect(await endings(async () => new Response('x'), path)).toEqual([])
  })
})

test('what cannot be accounted for is not served', async () => {
  const { send, accounts, steps } = createGuardedApp({ ledgerHasRoom: false })
  const response = await send(chatRequest())
  expect(response.headers.get('retry-after')).toBe('5')
  expect(await outcome(response)).toEqual([503, 'ledger_unavailable'])
  expect([accounts, steps.includes('handle')]).toEqual([[], false])
})
