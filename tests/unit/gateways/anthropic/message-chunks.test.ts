import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { messageStream } from '../../../../app/gateways/anthropic/message-encoder.ts'
import { chatChunk, chatDone, toolCall } from '../../../support/fake-ollama/records.ts'
import { linesOf, toldInChunks } from '../../support/told.ts'
import { messageEvents, streamed, telling } from './telling.ts'

const RECORDS = [
  chatChunk('m', { thinking: 'Grüße' }),
  chatChunk('m', '日本 😀'),
  chatChunk('m', ''),
  chatChunk('m', { tool_calls: [toolCall(0, 'weather', { city: 'Łódź' })] }),
  chatDone('m', { promptTokens: 11, tokens: 3 }, '"done":true}\n{'),
]

/** The events of a stream whose bytes come in these pieces. */
const eventsOf = async (chunks: readonly Uint8Array[]) =>
  messageEvents(await toldInChunks(messageStream(telling()), chunks))

test('wherever the bytes of an answer are cut in two, its events are the same', async () => {
  const bytes = Buffer.from(linesOf(RECORDS))
  const expected = await streamed(RECORDS)
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(await eventsOf([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(expected)
  }
})

test('byte by byte, they are the same', async () => {
  const bytes = Buffer.from(linesOf(RECORDS))
  expect(await eventsOf(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(
    await streamed(RECORDS),
  )
})

const words = fc.string({ unit: 'binary', maxLength: 6 })
const call = fc.record({ index: fc.nat({ max: 9 }), name: words, value: words })
const record = fc
  .record({ content: words, thinking: words, calls: fc.array(call, { maxLength: 2 }) })
  .map(({ content, thinking, calls }) => ({
    content,
    thinking,
    tool_calls: calls.map(({ index, name, value }) => toolCall(index, name, { value })),
  }))

test('whatever is said, however it is cut and ended, they are the same', async () => {
  const cuts = fc.array(fc.nat({ max: 2000 }), { maxLength: 12 })
  const records = fc.array(record, { maxLength: 5 })
  const property = fc.asyncProperty(records, cuts, fc.boolean(), async (said, at, hasNewline) => {
    const all = [...said.map((message) => chatChunk('m', message)), chatDone('m', { tokens: 1 })]
    const text = linesOf(all)
    const bytes = Buffer.from(hasNewline ? text : text.trimEnd())
    const places = [0, ...at.filter((place) => place < bytes.length), bytes.length]
    places.sort((one, two) => one - two)
    const chunks = places.slice(1).map((to, i) => bytes.subarray(places[i], to))
    expect(await eventsOf(chunks)).toEqual(await streamed(all))
  })
  await fc.assert(property, { numRuns: 300 })
})

test('whatever is said, its blocks are whole and follow each other', async () => {
  const property = fc.asyncProperty(fc.array(record, { maxLength: 8 }), async (said) => {
    const all = [...said.map((message) => chatChunk('m', message)), chatDone('m')]
    const events = await streamed(all)
    const blocks = events.slice(1, -2)
    let index = 0
    let isOpen = false
    for (const { type, index: at } of blocks) {
      expect(at).toBe(index)
      expect(isOpen).toBe(type !== 'content_block_start')
      isOpen = type !== 'content_block_stop'
      if (!isOpen) index++
    }
    expect(isOpen).toBe(false)
    const texts = blocks.flatMap(({ delta }) => (typeof delta?.text === 'string' ? delta.text : []))
    expect(texts.join('')).toBe(said.map(({ content }) => content).join(''))
  })
  await fc.assert(property, { numRuns: 300 })
})
