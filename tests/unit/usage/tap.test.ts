import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { StreamEnd } from '../../../app/usage/tap.ts'
import { manualStream, settled, streamOf, tapped } from '../support/byte-stream.ts'

const TOKEN = '{"message":{"content":"Grüße 😀"},"done":false}\n'
const DONE = '{"done":true,"done_reason":"stop","prompt_eval_count":11,"eval_count":2}\n'
const ERROR = '{"error":"model runner stopped, see /var/log/ollama.log"}\n'
const OURS = '{"error":"Ollama failed","code":"upstream_error"}\n'

/** Watches a stream; `account` is what settles it, and `replacement` what a failure becomes. */
function watch(account: Promise<void> = Promise.resolve(), replacement: string | null = null) {
  const ends: StreamEnd[] = []
  const pieces: number[] = []
  const needs = {
    onRecords: (records: number) => void pieces.push(records),
    async onEnd(end: StreamEnd) {
      ends.push(end)
      await account
      return replacement === null ? null : new TextEncoder().encode(replacement)
    },
  }
  const records = () => pieces.reduce((sum, count) => sum + count, 0)
  return { needs, ends, records, kinds: () => ends.map(({ kind }) => kind) }
}

const read = (stream: ReadableStream<Uint8Array>): Promise<string> => new Response(stream).text()

describe('a stream that ends well', () => {
  test('is passed on byte for byte, counted, and ends once, as done', async () => {
    const { needs, ends, records } = watch()
    expect(await read(tapped(streamOf([TOKEN, TOKEN, DONE]), needs))).toBe(TOKEN + TOKEN + DONE)
    expect(ends).toEqual([{ kind: 'done', record: JSON.parse(DONE) }])
    expect(records()).toBe(3)
  })

  test('is the same wherever its chunks were cut', async () => {
    const all = new TextEncoder().encode(TOKEN + DONE)
    const cuts = fc.array(fc.nat({ max: all.length }), { maxLength: 6 })
    const property = fc.asyncProperty(cuts, async (at) => {
      const places = [0, ...at.sort((one, two) => one - two), all.length]
      const chunks = places.slice(1).map((to, i) => all.slice(places[i], to))
      const { needs, kinds, records } = watch()
      expect(await read(tapped(streamOf(chunks), needs))).toBe(TOKEN + DONE)
      expect([kinds(), records()]).toEqual([['done'], 2])
    })
    await fc.assert(property, { numRuns: 100 })
  })

  test('keeps its last bytes until the account is settled, the others not', async () => {
    const account = Promise.withResolvers<void>()
    const { needs, kinds } = watch(account.promise)
    const reader = tapped(streamOf([TOKEN, DONE]), needs).getReader()
    expect((await reader.read()).value).toEqual(new TextEncoder().encode(TOKEN))
    let last: string | null = null
    const reading = reader.read().then(({ value }) => {
      last = Buffer.from(value ?? []).toString()
    })
    await settled()
    expect([kinds(), last]).toEqual([['done'], null])
    account.resolve()
    await reading
    expect(last as string | null).toBe(DONE)
    expect((await reader.read()).done).toBe(true)
  })

  test('ends for the client even when Ollama keeps the connection open', async () => {
    const upstream = manualStream()
    const { needs, kinds } = watch()
    const reading = read(tapped(upstream.stream, needs))
    upstream.send(TOKEN + DONE)
    const outcome = await Promise.race([reading, settled().then(() => 'still open')])
    expect(outcome).toBe(TOKEN + DONE)
    expect(kinds()).toEqual(['done'])
  })
})

describe('a stream that fails', () => {
  test('has the record that Ollama put into it replaced by ours', async () => {
    const { needs, ends, records } = watch(undefined, OURS)
    expect(await read(tapped(streamOf([TOKEN + ERROR]), needs))).toBe(TOKEN + OURS)
    expect(ends).toEqual([{ kind: 'error-record', record: JSON.parse(ERROR) }])
    expect(records()).toBe(1)
  })

  test('does not pass the error on when there is nothing to put in its place', async () => {
    const reading = read(tapped(streamOf([TOKEN, ERROR]), watch().needs))
    expect(await Promise.race([reading, settled().then(() => 'still open')])).toBe(TOKEN)
  })

  test.each([
    ['after whole records', [TOKEN, TOKEN], TOKEN + TOKEN],
    ['before the first record', [], ''],
  ])('ends once, as incomplete, when Ollama stops early: %s', async (_, chunks, passed) => {
    const { needs, kinds } = watch(undefined, OURS)
    expect(await read(tapped(streamOf(chunks), needs))).toBe(passed + OURS)
    expect(kinds()).toEqual(['incomplete'])
  })

  test('has its error record on a line of its own when Ollama stops inside a record', async () => {
    for (const cut of [TOKEN.slice(0, 20), TOKEN.trimEnd()]) {
      const { needs, kinds } = watch(undefined, OURS)
      const text = await read(tapped(streamOf([TOKEN, cut]), needs))
      expect(text.split('\n').at(-2)).toBe(OURS.trimEnd())
      expect(kinds()).toEqual(['incomplete'])
    }
  })

  test('ends once, as broken, when the connection breaks, and half a record is not passed on', async () => {
    const upstream = manualStream()
    const { needs, ends } = watch(undefined, OURS)
    const reading = read(tapped(upstream.stream, needs))
    upstream.send(TOKEN + TOKEN.slice(0, 9))
    await settled()
    const cause = new Error('socket closed')
    upstream.fail(cause)
    expect(await reading).toBe(TOKEN + OURS)
    expect(ends).toEqual([{ kind: 'broken', cause }])
  })

  test('ends once even when its account cannot be settled', async () => {
    const { needs, kinds } = watch(Promise.reject(new Error('no ledger')))
    await read(tapped(streamOf([TOKEN, DONE]), needs))
    expect(kinds()).toEqual(['done'])
  })
})

describe('a client that goes away', () => {
  test('ends the stream once, as left, and closes the connection to Ollama', async () => {
    const upstream = manualStream()
    const { needs, kinds } = watch()
    const reader = tapped(upstream.stream, needs).getReader()
    upstream.send(TOKEN)
    await reader.read()
    await reader.cancel('gone')
    expect(await upstream.cancelled).toBe('gone')
    expect(kinds()).toEqual(['left'])
  })

  test('does not keep Ollama working while its account is being settled', async () => {
    const account = Promise.withResolvers<void>()
    const upstream = manualStream()
    const { needs } = watch(account.promise)
    const reader = tapped(upstream.stream, needs).getReader()
    const left = reader.cancel('gone')
    const outcome = Promise.race([upstream.cancelled, settled().then(() => 'still working')])
    expect(await outcome).toBe('gone')
    account.resolve()
    await left
  })

  test('is told apart from nobody: leaving while waiting for a token, or after the end', async () => {
    const waiting = manualStream()
    const early = watch()
    const reader = tapped(waiting.stream, early.needs).getReader()
    const pending = reader.read()
    await settled()
    await reader.cancel('gone')
    await pending
    expect(early.kinds()).toEqual(['left'])

    const late = watch()
    const done = tapped(streamOf([DONE]), late.needs).getReader()
    await done.read()
    await done.cancel('gone')
    expect(late.kinds()).toEqual(['done'])
  })
})

test('nothing is read from Ollama that the client has not asked for', async () => {
  let pulls = 0
  const upstream = new ReadableStream<Uint8Array>(
    { pull: (own) => own.enqueue(new TextEncoder().encode(`${pulls++ && ''}${TOKEN}`)) },
    { highWaterMark: 0 },
  )
  const reader = tapped(upstream, watch().needs).getReader()
  await settled()
  expect(pulls).toBe(0)
  await reader.read()
  await settled()
  expect(pulls).toBe(1)
  await reader.cancel()
})
