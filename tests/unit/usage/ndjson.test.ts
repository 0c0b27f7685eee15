import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { FinalRecord } from '../../../app/domain/native.ts'
import { createLineReader } from '../../../app/usage/ndjson.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (chunks: readonly Uint8Array[]): string => Buffer.concat(chunks).toString('utf8')

/** Everything that a reader makes of these chunks. */
function readAll(chunks: readonly Uint8Array[]) {
  const reader = createLineReader()
  const read = chunks.flatMap((chunk) => reader.push(chunk) ?? [])
  const rest = reader.end()
  const all = rest ? [...read, rest] : read
  return {
    pieces: all.map((lines) => Buffer.from(lines.bytes).toString('utf8')),
    text: textOf(all.map((lines) => lines.bytes)),
    records: all.reduce((sum, lines) => sum + lines.records, 0),
    last: all.reduce<FinalRecord | null>((found, lines) => lines.last ?? found, null),
  }
}

const token = (content: string): string =>
  `${JSON.stringify({ model: 'm', message: { role: 'assistant', content }, done: false })}\n`
const DONE =
  '{"model":"m","done":true,"done_reason":"stop","prompt_eval_count":11,"eval_count":3}\n'
const STREAM = token('Grüße, ') + token('日本 😀') + token('"done":true}\n{') + DONE

describe('wherever a stream of records is cut', () => {
  test('in two, its lines come out whole, its bytes unchanged, its end recognised', () => {
    const stream = bytes(STREAM)
    for (let cut = 0; cut <= stream.length; cut++) {
      const read = readAll([stream.subarray(0, cut), stream.subarray(cut)])
      expect(read.text).toBe(STREAM)
      expect(read.records).toBe(4)
      expect(read.last).toMatchObject({ done: true, eval_count: 3 })
      for (const piece of read.pieces) expect(piece).toEndWith('\n')
    }
  })

  test('into single bytes, likewise', () => {
    const stream = bytes(STREAM)
    const read = readAll(Array.from(stream, (byte) => Uint8Array.of(byte)))
    expect(read.pieces.join('')).toBe(STREAM)
    expect(read.records).toBe(4)
    expect(read.last).toMatchObject({ done: true, eval_count: 3 })
  })

  test('anywhere, any number of times, whatever it says', () => {
    const contents = fc.array(fc.string({ unit: 'binary' }), { maxLength: 8 })
    const cuts = fc.array(fc.nat({ max: 600 }), { maxLength: 12 })
    const property = fc.property(contents, cuts, fc.boolean(), (texts, at, endsInNewline) => {
      const text = texts.map(token).join('') + (endsInNewline ? DONE : DONE.trimEnd())
      const stream = bytes(text)
      const places = [0, ...at.filter((place) => place < stream.length), stream.length]
      places.sort((one, two) => one - two)
      const read = readAll(places.slice(1).map((to, i) => stream.subarray(places[i], to)))
      expect(read.text).toBe(text)
      expect(read.records).toBe(texts.length + 1)
      expect(read.last).toMatchObject({ done: true, eval_count: 3 })
      for (const piece of read.pieces.slice(0, -1)) expect(piece).toEndWith('\n')
    })
    fc.assert(property, { numRuns: 500 })
  })

  test('a line is passed on as soon as it is complete', () => {
    const reader = createLineReader()
    expect(reader.push(bytes('{"done":fal'))).toBeNull()
    expect(reader.push(bytes('se}\n{"do'))?.bytes).toEqual(Buffer.from('{"done":false}\n'))
    expect(reader.push(bytes('ne":false}'))).toBeNull()
    expect(reader.end()?.records).toBe(1)
    expect(reader.end()).toBeNull()
  })

  test('a chunk of whole lines is passed on without being copied', () => {
    const chunk = bytes(token('a') + token('b'))
    expect(createLineReader().push(chunk)?.bytes).toBe(chunk)
  })
})

describe('the record that ends a stream', () => {
  test.each([
    ['a final record', '{"done":true}'],
    ['a final record that ends in false', '{"done":true,"truncated":false}'],
    ['a final record with space behind it', '{"done":true} \r'],
    ['a finished transfer', '{"status":"success"}'],
    ['an error', '{"error":"model runner has unexpectedly stopped"}'],
    ['an error that is not text', '{"error":{"message":"x"}}'],
    ['an error that looks like a token', '{"error":"ended in \\"done\\":false}"}'],
  ])('is recognised: %s', (_, line) => {
    expect(readAll([bytes(`${token('a')}${line}\n`)]).last).toEqual(JSON.parse(line))
    expect(readAll([bytes(token('a') + line)]).last).toEqual(JSON.parse(line))
  })

  test.each([
    ['a token', '{"message":{"content":"hi"},"done":false}'],
    ['a token about the end', '{"response":"\\"done\\":true","done":false}'],
    ['progress', '{"status":"pulling manifest"}'],
    ['a truth that is none', '{"done":"true"}'],
    ['junk', '<html>502</html>'],
    ['a number', '42'],
    ['null', 'null'],
    ['a list', '[{"done":true}]'],
    ['half a record', '{"done":true'],
    ['nothing', ''],
  ])('is not seen in %s', (_, line) => {
    expect(readAll([bytes(`${line}\n`)]).last).toBeNull()
  })
})

test('a record that never ends is passed on in pieces: no more than 4 MiB and a chunk is held', () => {
  const reader = createLineReader()
  const chunk = bytes('x'.repeat(1024 * 1024))
  const lengths = Array.from({ length: 12 }, () => reader.push(chunk)?.bytes.length ?? 0)
  expect(Math.max(...lengths)).toBeLessThanOrEqual(5 * 1024 * 1024)
  const passed = lengths.reduce((sum, length) => sum + length, 0)
  expect(12 * chunk.length - passed).toBeLessThanOrEqual(4 * 1024 * 1024)
  expect(passed + (reader.end()?.bytes.length ?? 0)).toBe(12 * chunk.length)
})
