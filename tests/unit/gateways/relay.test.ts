import { describe, expect, test } from 'bun:test'
import { manualStream, settled } from '../support/byte-stream.ts'
import { createExchange, silent, streaming } from './exchange.ts'

const TOKEN = '{"message":{"content":"x"},"done":false}\n'
const DONE = '{"done":true,"prompt_eval_count":11,"eval_count":2}\n'
const OVER = { live: 0, inFlight: 0, finished: 1 }
const COUNTS = { promptTokens: 11, completionTokens: 2, loadMs: 0, computeMs: null }

describe('an answer in one piece', () => {
  const document =
    (body: Bun.BodyInit | null, status = 200) =>
    () =>
      new Response(body, { status, headers: { 'content-type': 'application/json' } })

  test('is passed on once its account is settled', async () => {
    const account = Promise.withResolvers<void>()
    const { send, ending, held } = createExchange(document(DONE), account.promise)
    const sending = send()
    const outcome = await Promise.race([sending, settled().then(() => 'waiting')])
    expect(outcome).toBe('waiting')
    account.resolve()
    expect(await (await sending).text()).toBe(DONE)
    expect(ending()).toEqual({ status: 200, outcome: 'completed', counts: COUNTS })
    expect(held()).toEqual(OVER)
  })

  test('that breaks off is an error, and leaves nothing behind', async () => {
    const upstream = manualStream()
    const { send, held } = createExchange(() => new Response(upstream.stream))
    const sending = send()
    upstream.send('{"model"')
    await settled()
    upstream.fail(new Error('reset'))
    await expect(sending).rejects.toMatchObject({ code: 'upstream_error' })
    expect(held()).toEqual(OVER)
  })

  test('with an error status is told in public words, and leaves nothing behind', async () => {
    const failing = createExchange(document('{"error":"no /etc/ollama/x"}', 500))
    await expect(failing.send()).rejects.toMatchObject({ status: 500, message: 'no <path>' })
    const missing = createExchange(document('{"error":"model \\"y\\" not found"}', 404))
    await expect(missing.send()).rejects.toMatchObject({ code: 'model_not_found' })
    const redirect = createExchange(() => Response.redirect('http://169.254.169.254/'))
    await expect(redirect.send()).rejects.toMatchObject({ code: 'upstream_error', status: 502 })
    for (const { held } of [failing, missing, redirect]) expect(held()).toEqual(OVER)
  })

  test('with an error status is told with the name that the caller has for the model', async () => {
    const text = 'registry.ollama.ai/library/llama3:latest does not support tools'
    const { send } = createExchange(document(JSON.stringify({ error: text }), 400))
    await expect(send()).rejects.toMatchObject({
      message: 'llama3 does not support tools',
      cause: expect.stringContaining(text),
    })
  })
})

describe('before the first byte', () => {
  test.each([
    [
      'the caller hangs up',
      'client_closed',
      async (x: ReturnType<typeof createExchange>) => x.leave(),
    ],
    [
      'the time is up',
      'upstream_timeout',
      async (x: ReturnType<typeof createExchange>) => {
        x.clock.advance(1001)
        await x.live.sweep()
      },
    ],
    [
      'the key is revoked',
      'revoked',
      (x: ReturnType<typeof createExchange>) => x.live.recheckAll(),
    ],
    [
      'the process ends',
      'shutting_down',
      async (x: ReturnType<typeof createExchange>) => x.live.cutAll(),
    ],
  ])('the request is given up when %s', async (_, code, happen) => {
    const exchange = createExchange(silent)
    const sending = exchange.send()
    await settled()
    expect(exchange.held()).toEqual({ live: 1, inFlight: 1, finished: 0 })
    const failure = sending.catch((err: unknown) => err)
    await happen(exchange)
    expect(await failure).toMatchObject({ code })
    expect(exchange.held()).toEqual(OVER)
  })

  test('nothing is waited for when the caller had left already', async () => {
    const exchange = createExchange(silent)
    exchange.leave()
    await expect(exchange.send()).rejects.toMatchObject({ code: 'client_closed' })
    expect(exchange.held()).toEqual(OVER)
  })

  test('a transfer by an administrator has no overall deadline', async () => {
    const upstream = manualStream()
    const exchange = createExchange(streaming(upstream.stream, upstream.fail))
    const response = await exchange.send({ hasDeadline: false })
    const reader = response.body?.getReader()
    for (let i = 0; i < 20; i++) {
      exchange.clock.advance(900)
      upstream.send(TOKEN)
      await reader?.read()
      await exchange.live.sweep()
    }
    expect(exchange.held()).toEqual({ live: 1, inFlight: 1, finished: 0 })
    await reader?.cancel()
  })
})
