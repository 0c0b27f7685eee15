import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { StreamEnd } from '../../../app/usage/tap.ts'
import { settled, tapped } from '../support/byte-stream.ts'

const OURS = '{"error":"Ollama failed","code":"upstream_error"}\n'
const encoder = new TextEncoder()

const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constant('{"message":{"content":"日本 😀"},"done":false}\n') },
  fc.constant('{"done":true,"eval_count":2}\n'),
  fc.constant('{"error":"stopped"}\n'),
  fc.constant('{"status":"success"}\n'),
  fc.constantFrom('\n', '{"half":', 'junk\n', '"x"}\n', 'false}', '{}', '\r\n', '\u0000'),
)
const pieces = fc.array(piece, { maxLength: 8 })
const cuts = fc.array(fc.nat({ max: 300 }), { maxLength: 8 })
const ending = fc.constantFrom('closes', 'breaks', 'stays open')

/** A stream of these bytes, cut at these places, that ends like this. */
function upstreamOf(text: string, places: readonly number[], how: string) {
  const bytes = encoder.encode(text)
  const at = places.filter((place) => place < bytes.length).sort((a, b) => a - b)
  const chunks = [...at, bytes.length].map((to, i) => bytes.slice(at[i - 1] ?? 0, to))
  let isCancelled = false
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = chunks.shift()
        if (chunk) controller.enqueue(chunk)
        else if (how === 'closes') controller.close()
        else if (how === 'breaks') controller.error(new Error('reset'))
        else await new Promise(() => {})
      },
      cancel() {
        isCancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, isCancelled: () => isCancelled }
}

/** Reads so many pieces, as long as there are any, then leaves. */
async function readSome(stream: ReadableStream<Uint8Array>, count: number): Promise<void> {
  const reader = stream.getReader()
  for (let i = 0; i < count; i++) {
    const read = await Promise.race([reader.read(), settled()])
    if (!read || read.done) break
  }
  await reader.cancel('gone')
}

function watch() {
  const ends: StreamEnd[] = []
  const needs = {
    onRecords: (records: number) => expect(records).toBeGreaterThanOrEqual(0),
    async onEnd(end: StreamEnd) {
      ends.push(end)
      return end.kind === 'done' ? null : encoder.encode(OURS)
    },
  }
  return { needs, ends }
}

test('whatever comes, however it is cut and however it ends, it ends once and in a whole line', async () => {
  const how = fc.constantFrom('closes', 'breaks')
  const property = fc.asyncProperty(pieces, cuts, how, async (parts, places, closes) => {
    const text = parts.join('')
    const { needs, ends } = watch()
    const { stream } = upstreamOf(text, places, closes)
    const passed = await new Response(tapped(stream, needs)).text()
    expect(ends).toHaveLength(1)
    if (ends[0]?.kind === 'done') {
      expect(text).toStartWith(passed)
      return
    }
    expect(passed).toEndWith(OURS)
    const before = passed.slice(0, -OURS.length)
    expect(before === '' || before.endsWith('\n')).toBe(true)
    expect(`${text}\n`).toStartWith(before)
  })
  await fc.assert(property, { numRuns: 1000 })
})

test('whenever the client leaves, it ends once, and Ollama is told when it was not done', async () => {
  const reads = fc.nat({ max: 4 })
  const property = fc.asyncProperty(pieces, cuts, ending, reads, async (parts, at, how, count) => {
    const text = `${parts.join('')}\n${'{"done":false}\n'.repeat(5)}`
    const { needs, ends } = watch()
    const { stream, isCancelled } = upstreamOf(text, at, how)
    await readSome(tapped(stream, needs), count)
    expect(ends).toHaveLength(1)
    if (ends[0]?.kind === 'left') expect(isCancelled()).toBe(true)
  })
  await fc.assert(property, { numRuns: 500 })
})
