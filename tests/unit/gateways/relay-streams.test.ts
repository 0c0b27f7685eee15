import { describe, expect, test } from 'bun:test'
import { manualStream, streamOf } from '../support/byte-stream.ts'
import { createExchange, streaming } from './exchange.ts'

const TOKEN = '{"message":{"content":"x"},"done":false}\n'
const DONE = '{"done":true,"prompt_eval_count":11,"eval_count":2}\n'
const OVER = { live: 0, inFlight: 0, finished: 1 }
const COUNTS = { promptTokens: 11, completionTokens: 2, loadMs: 0, computeMs: null }

/** A stream under way of which one token has been read. */
async function underWay(account?: Promise<void>) {
  const upstream = manualStream()
  const exchange = createExchange(streaming(upstream.stream, upstream.fail), account)
  const response = await exchange.send()
  const reader = response.body?.getReader()
  if (!reader) throw new Error('no body')
  upstream.send(TOKEN)
  await reader.read()
  const rest = async () => {
    const chunks: Uint8Array[] = []
    for (let read = await reader.read(); !read.done; read = await reader.read())
      chunks.push(read.value)
    return Buffer.concat(chunks).toString()
  }
  return { ...exchange, upstream, response, reader, rest }
}

describe('a stream', () => {
  test('is passed on as it comes, as what it is, and held by nobody on its way', async () => {
    const { send, ending, held, records } = createExchange(streaming(streamOf([TOKEN, DONE])))
    const response = await send()
    expect(response.headers.toJSON()).toMatchObject({
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    })
    expect(await response.text()).toBe(TOKEN + DONE)
    expect(ending()).toEqual({ status: 200, outcome: 'completed', counts: COUNTS })
    expect([held(), records()]).toEqual([OVER, 2])
  })

  test('holds its host and its place until it ends', async () => {
    const { held, upstream, rest, isDeferred } = await underWay()
    expect([held(), isDeferred()]).toEqual([{ live: 1, inFlight: 1, finished: 0 }, true])
    upstream.send(DONE)
    upstream.close()
    await rest()
    expect(held()).toEqual(OVER)
  })

  test.each([
    [
      'an error in it',
      (up: ReturnType<typeof manualStream>) => up.send('{"error":"open /etc/ollama/x"}\n'),
      'upstream_error',
      'open <path>',
    ],
    [
      'an error that names the model',
      (up: ReturnType<typeof manualStream>) =>
        up.send('{"error":"\\"llama3:latest\\" has crashed"}\n'),
      'upstream_error',
      '"llama3" has crashed',
    ],
    [
      'an early end',
      (up: ReturnType<typeof manualStream>) => up.close(),
      'upstream_incomplete',
      'ended its answer early',
    ],
    [
      'a broken connection',
      (up: ReturnType<typeof manualStream>) => up.fail(new Error('reset')),
      'upstream_error',
      'connection to Ollama broke',
    ],
  ])(
    'that fails by %s ends in an error record, with the account as failed',
    async (_, fail, code, text) => {
      const { upstream, rest, ending, held } = await underWay()
      fail(upstream)
      const record = JSON.parse(await rest()) as { error: string; code: string }
      expect(record).toMatchObject({ code, error: expect.stringContaining(text) })
      expect(ending()).toEqual({
        status: 200,
        outcome: 'failed',
        errorCode: code as 'upstream_error',
      })
      expect(held()).toEqual(OVER)
    },
  )

  test('that its caller leaves is cancelled upstream and in the account', async () => {
    const { upstream, reader, ending, held } = await underWay()
    await reader.cancel()
    await upstream.cancelled
    expect(ending()).toMatchObject({ outcome: 'cancelled', errorCode: 'client_closed' })
    expect(held()).toEqual(OVER)
  })

  test('whose caller hangs up is cut though nobody reads it', async () => {
    const { leave, ending, held } = await underWay()
    leave()
    expect(ending()).toMatchObject({ outcome: 'cancelled', errorCode: 'client_closed' })
    expect(held()).toEqual(OVER)
  })

  test('that falls silent is cut with an error record, once its time is up', async () => {
    const { clock, live, rest, ending, held } = await underWay()
    clock.advance(1001)
    await live.sweep()
    expect(held()).toEqual(OVER)
    expect(JSON.parse(await rest())).toMatchObject({ code: 'upstream_timeout' })
    expect(ending()).toMatchObject({ errorCode: 'upstream_timeout' })
  })

  test.each([
    ['revoked', 'cancelled', (live: { recheckAll(): Promise<void> }) => live.recheckAll()],
    ['shutting_down', 'cancelled', async (live: { cutAll(): void }) => live.cutAll()],
  ] as const)('that is %s is %s, and says so at its end', async (code, outcome, cut) => {
    const { live, rest, ending, held } = await underWay()
    await cut(live)
    expect(JSON.parse(await rest())).toMatchObject({ code })
    expect(ending()).toMatchObject({ outcome, errorCode: code })
    expect(held()).toEqual(OVER)
  })
})
