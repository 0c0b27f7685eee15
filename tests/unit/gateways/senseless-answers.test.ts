import { describe, expect, test } from 'bun:test'
import type { ChatRecord } from '../../../app/domain/native-answer.ts'
import {
  AS_IT_COMES,
  type Encoder,
  rewritten,
  rewrittenAnswer,
} from '../../../app/gateways/encoder.ts'
import { eventStream } from '../../../app/gateways/event-stream.ts'
import { manualStream, settled } from '../support/byte-stream.ts'
import { createExchange, streaming } from './exchange.ts'

const OVER = { live: 0, inFlight: 0, finished: 1 }
const TOKEN = '{"message":{"content":"x"},"done":false}\n'

const words: Encoder = eventStream<ChatRecord>(({ message, done }) =>
  done ? 'data: end\n\n' : `data: ${message?.content?.toUpperCase()}\n\n`,
)

describe('a stream whose record can not be told', () => {
  test.each([
    ['is no JSON', 'junk\n', 'makes no sense'],
    ['is no object', '5\n', 'makes no sense'],
    ['has not the form that it should have', '{"message":{"content":5}}\n', 'makes no sense'],
    [
      'tells of a failure and goes on',
      '{"error":"out of /var/memory","done":false}\n',
      'out of <path>',
    ],
    ['fails with an object', '{"error":{"message":"broken"}}\n', 'broken'],
    ['fails with nothing that can be read', '{"error":{"code":5}}\n', 'without saying why'],
  ])('because it %s ends in words, and its host is left', async (_, line, text) => {
    const upstream = manualStream()
    const exchange = createExchange(streaming(upstream.stream, upstream.fail))
    const response = await exchange.send({ encoder: words })
    upstream.send(TOKEN + line)
    const told = (await response.text()).split('\n\n').at(-1) ?? ''
    expect(JSON.parse(told)).toMatchObject({ error: expect.stringContaining(text) })
    expect(exchange.ending()).toMatchObject({ outcome: 'failed', errorCode: 'upstream_error' })
    expect(exchange.held()).toEqual(OVER)
    await upstream.cancelled
  })

  test('leaves in the log what it was', async () => {
    const upstream = manualStream()
    const { send, log } = createExchange(streaming(upstream.stream, upstream.fail))
    const response = await send({ encoder: words })
    upstream.send('junk\n')
    await response.text()
    expect(log.entries).toMatchObject([
      { level: 'warn', fields: { request_id: 'request-1', err: expect.any(SyntaxError) } },
    ])
  })

  test('passes over lines that say nothing', async () => {
    const upstream = manualStream()
    const { send } = createExchange(streaming(upstream.stream, upstream.fail))
    const response = await send({ encoder: words })
    upstream.send(`${TOKEN}\r\n  \n${TOKEN}{"done":true}\n`)
    expect(await response.text()).toBe('data: X\n\ndata: X\n\ndata: end\n\n')
  })
})

describe('an answer in one piece', () => {
  const document = (body: string | null) => () =>
    new Response(body, { headers: { 'content-type': 'application/json' } })
  const whole: Encoder = { ...AS_IT_COMES, document: rewrittenAnswer((answer) => answer) }
  const plain: Encoder = { ...AS_IT_COMES, document: rewritten((answer) => answer) }

  test.each([
    ['{"error":"boom","done":true}', 'upstream_error', 'boom'],
    ['[]', 'upstream_error', 'makes no sense'],
    ['null', 'upstream_error', 'makes no sense'],
    ['{', 'upstream_error', 'makes no sense'],
    ['', 'upstream_incomplete', 'no answer'],
  ])('that is none is not told as one: %j', async (body, code, text) => {
    for (const encoder of [whole, plain]) {
      const { send, held, ending } = createExchange(document(body))
      const failure = await send({ encoder }).catch((err: unknown) => err)
      expect(failure).toMatchObject({ code, message: expect.stringContaining(text) })
      expect([held(), ending()]).toEqual([OVER, undefined])
    }
  })

  test('of a model is told when it is whole', async () => {
    for (const body of ['{}', '{"done":false}']) {
      const { send } = createExchange(document(body))
      await expect(send({ encoder: whole })).rejects.toMatchObject({ code: 'upstream_incomplete' })
    }
    expect((await createExchange(document('{"done":true}')).send({ encoder: whole })).status).toBe(
      200,
    )
    expect((await createExchange(document('{}')).send({ encoder: plain })).status).toBe(200)
  })

  test('of which there is nothing is no stream either', async () => {
    const { send, held } = createExchange(() => new Response(null, { status: 204 }))
    await expect(send({ encoder: words })).rejects.toMatchObject({ code: 'upstream_incomplete' })
    expect(held()).toEqual(OVER)
  })
})

test('a beat does not come in the middle of a line that is too long to be held', async () => {
  const upstream = manualStream()
  const beating: Encoder = { ...AS_IT_COMES, heartbeat: () => 'BEAT\n' }
  const { send, clock, live } = createExchange(streaming(upstream.stream, upstream.fail))
  const reader = (await send({ encoder: beating })).body?.getReader()
  const first = reader?.read()
  upstream.send('x'.repeat(5 * 1024 * 1024))
  await first
  const second = reader?.read()
  await settled()
  clock.advance(400)
  await live.sweep()
  upstream.send('"}\n')
  expect(Buffer.from((await second)?.value ?? []).toString()).toBe('"}\n')
})
