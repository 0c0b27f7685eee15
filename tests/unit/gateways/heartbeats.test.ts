import { describe, expect, test } from 'bun:test'
import { AS_IT_COMES, type Encoder } from '../../../app/gateways/encoder.ts'
import { manualStream, settled } from '../support/byte-stream.ts'
import { createExchange, silent } from './exchange.ts'

const TOKEN = '{"message":{"content":"x"},"done":false}\n'
const DONE = '{"done":true,"prompt_eval_count":11,"eval_count":2}\n'
const BEAT = '{"message":{"content":""},"done":false}\n'
const OVER = { live: 0, inFlight: 0, finished: 1 }
const beating: Encoder = { ...AS_IT_COMES, heartbeat: () => BEAT }
const NDJSON = { 'content-type': 'application/x-ndjson' }

type Exchange = ReturnType<typeof createExchange>

/** Lets so many ms of silence pass. */
async function wait({ clock, live }: Exchange, ms: number): Promise<void> {
  clock.advance(ms)
  await live.sweep()
  await settled()
}

/** The pieces of an answer one by one. */
function reading(response: Response) {
  const reader = response.body?.getReader()
  if (!reader) throw new Error('no body')
  return {
    reader,
    next: async () => Buffer.from((await reader.read()).value ?? []).toString(),
  }
}

/** A request to a host that has not begun to answer; its caller was told once that we are there. */
async function waiting() {
  const head = Promise.withResolvers<Response>()
  const exchange = createExchange((signal) => {
    signal.addEventListener('abort', () => head.reject(signal.reason))
    return head.promise
  })
  const sending = exchange.send({ encoder: beating })
  await settled()
  await wait(exchange, 400)
  const response = await sending
  return { ...exchange, exchange, head, response, ...reading(response) }
}

describe('before Ollama has begun to answer', () => {
  test('nothing is said for as long as a real status may come', async () => {
    const exchange = createExchange(silent)
    const sending = exchange.send({ encoder: beating })
    await wait(exchange, 399)
    const outcome = await Promise.race([sending, settled().then(() => 'waiting')])
    expect(outcome).toBe('waiting')
    exchange.leave()
    await expect(sending).rejects.toMatchObject({ code: 'client_closed' })
  })

  test('who waits for a stream is answered then, and gets what Ollama says after all', async () => {
    const { head, response, exchange, next, held, ending, records } = await waiting()
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'application/x-ndjson',
    ])
    expect(await next()).toBe(BEAT)
    const again = next()
    await wait(exchange, 400)
    expect(await again).toBe(BEAT)
    const upstream = manualStream()
    const token = next()
    head.resolve(new Response(upstream.stream, { headers: NDJSON }))
    upstream.send(TOKEN)
    expect(await token).toBe(TOKEN)
    upstream.send(DONE)
    upstream.close()
    expect(await next()).toBe(DONE)
    expect(await next()).toBe('')
    expect([held(), records()]).toEqual([OVER, 2])
    expect(ending()).toMatchObject({ outcome: 'completed', status: 200 })
  })

  test.each([
    [404, '{"error":"model \\"y\\" not found"}', 'model_not_found'],
    [500, '{"error":"out of memory"}', 'upstream_error'],
    [503, '', 'upstream_busy'],
  ])('a refusal with %d is told in the stream', async (status, body, code) => {
    const { head, next, held, ending } = await waiting()
    expect(await next()).toBe(BEAT)
    const last = next()
    head.resolve(new Response(body, { status, headers: { 'content-type': 'application/json' } }))
    expect(JSON.parse(await last)).toMatchObject({ code })
    expect(ending()).toMatchObject({ outcome: 'failed', errorCode: code, status: 200 })
    expect(held()).toEqual(OVER)
  })

  test('an answer in one piece is a record of the stream', async () => {
    const { head, next, ending, held } = await waiting()
    expect(await next()).toBe(BEAT)
    const last = next()
    const headers = { 'content-type': 'application/json' }
    head.resolve(new Response(DONE.trimEnd(), { headers }))
    expect(JSON.parse(await last)).toMatchObject({ done: true })
    expect(ending()).toMatchObject({ outcome: 'completed' })
    expect(held()).toEqual(OVER)
  })

  test('a host that can not be reached is told in the stream', async () => {
    const { head, next, held } = await waiting()
    expect(await next()).toBe(BEAT)
    const last = next()
    head.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
    expect(JSON.parse(await last)).toMatchObject({ code: 'upstream_unreachable' })
    expect(held()).toEqual(OVER)
  })

  test.each([
    ['leaves', (exchange: Exchange) => exchange.leave(), 'client_closed'],
    ['is cut', (exchange: Exchange) => exchange.live.cutAll(), 'shutting_down'],
  ])('who %s leaves nothing behind', async (_, happen, code) => {
    const { exchange, next, held, ending } = await waiting()
    expect(await next()).toBe(BEAT)
    happen(exchange)
    await settled()
    expect(ending()).toMatchObject({ outcome: 'cancelled', errorCode: code })
    expect(held()).toEqual(OVER)
  })

  test('who stops reading leaves nothing behind', async () => {
    const { reader, held, ending } = await waiting()
    await reader.cancel()
    await settled()
    expect(ending()).toMatchObject({ outcome: 'cancelled', errorCode: 'client_closed' })
    expect(held()).toEqual(OVER)
  })

  test('who waits for one piece is not answered early', async () => {
    const exchange = createExchange(silent)
    const sending = exchange.send()
    await settled()
    await wait(exchange, 999)
    const outcome = await Promise.race([sending, settled().then(() => 'waiting')])
    expect(outcome).toBe('waiting')
    exchange.leave()
    await sending.catch(() => {})
  })
})

describe('in the middle of an answer', () => {
  async function underWay() {
    const upstream = manualStream()
    const exchange = createExchange(() => new Response(upstream.stream, { headers: NDJSON }))
    const response = await exchange.send({ encoder: beating })
    return { ...exchange, exchange, upstream, ...reading(response) }
  }

  test('who waits for the next record is told, and the record comes whole after it', async () => {
    const { upstream, exchange, next, records } = await underWay()
    upstream.send(TOKEN + TOKEN.slice(0, 20))
    expect(await next()).toBe(TOKEN)
    const beat = next()
    await settled()
    await wait(exchange, 400)
    expect(await beat).toBe(BEAT)
    upstream.send(TOKEN.slice(20) + DONE)
    expect(await next()).toBe(TOKEN + DONE)
    expect(records()).toBe(3)
  })

  test('who does not read is told nothing, however long it takes', async () => {
    const { upstream, exchange, next } = await underWay()
    upstream.send(TOKEN)
    await wait(exchange, 400)
    await wait(exchange, 400)
    expect(await next()).toBe(TOKEN)
    upstream.send(DONE)
    expect(await next()).toBe(DONE)
  })

  test('one who has not read the last beat gets no second', async () => {
    const { upstream, exchange, next } = await underWay()
    const beat = next()
    await settled()
    for (let i = 0; i < 2; i++) await wait(exchange, 400)
    expect(await beat).toBe(BEAT)
    upstream.send(DONE)
    const rest: string[] = []
    for (let piece = await next(); piece !== ''; piece = await next()) rest.push(piece)
    expect(rest.join('').replace(BEAT, '')).toBe(DONE)
  })
})
