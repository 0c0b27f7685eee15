import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { AS_IT_COMES, type Encoder } from '../../../app/gateways/encoder.ts'
import { renamer } from '../../../app/gateways/ollama/renamer.ts'
import { chatStream } from '../../../app/gateways/openai/chat-encoder.ts'
import { completionStream } from '../../../app/gateways/openai/completion-encoder.ts'
import {
  chatChunk,
  chatDone,
  generateChunk,
  generateDone,
  toolCall,
} from '../../support/fake-ollama/records.ts'
import { linesOf, told, toldInChunks } from '../support/told.ts'

const MODEL = 'llama3:latest'
const identity = { id: 'id-1', created: 1_800_000_000, model: 'gpt-4' }

const CHAT = [
  chatChunk(MODEL, { thinking: 'Größe?' }),
  chatChunk(MODEL, { thinking: ' 日本', content: '😀' }),
  chatChunk(MODEL, 'a "quoted" \\ line\n'),
  chatChunk(MODEL, { tool_calls: [toolCall(0, 'wetter', { stadt: 'Łódź' })] }),
  chatChunk(MODEL, ''),
  chatDone(MODEL, { promptTokens: 11, tokens: 7 }, { tool_calls: [toolCall(1, 'g', {})] }),
]
const COMPLETION = [
  generateChunk(MODEL, 'Grüße'),
  generateChunk(MODEL, ' 😀\n'),
  generateDone(MODEL, { promptTokens: 4, tokens: 3 }, '!'),
]

const telling = { identity, includeUsage: true, promptTokens: () => 9 }
const openAiChat = (): Encoder =>
  chatStream({ ...telling, callsInParallel: true, newId: () => 'new' })

/** Each way of telling an answer, with an answer that has all there is to tell. */
const ENCODERS: readonly [string, () => Encoder, readonly object[]][] = [
  ['a chat of OpenAI', openAiChat, CHAT],
  ['a completion of OpenAI', () => completionStream(telling), COMPLETION],
  ['a renamed chat', () => ({ ...AS_IT_COMES, lines: renamer(MODEL, 'gpt-4 😀') }), CHAT],
]

describe.each(ENCODERS)('%s', (_, encoder, records) => {
  const bytes = new TextEncoder().encode(linesOf(records))

  test('is the same wherever the bytes of the answer are cut in two', async () => {
    const whole = await told(encoder(), records)
    for (let at = 0; at <= bytes.length; at++) {
      const chunks = [bytes.slice(0, at), bytes.slice(at)]
      expect(await toldInChunks(encoder(), chunks)).toBe(whole)
    }
  })

  test('is the same in however many pieces they come', async () => {
    const whole = await told(encoder(), records)
    const cuts = fc.array(fc.nat({ max: bytes.length }), { maxLength: 40 })
    const property = fc.asyncProperty(cuts, async (places) => {
      const at = [0, ...places.sort((a, b) => a - b), bytes.length]
      const chunks = at.slice(1).map((to, i) => bytes.slice(at[i], to))
      expect(await toldInChunks(encoder(), chunks)).toBe(whole)
    })
    await fc.assert(property, { numRuns: 200 })
    expect(
      await toldInChunks(
        encoder(),
        [...bytes].map((byte) => Uint8Array.of(byte)),
      ),
    ).toBe(whole)
  })

  test('is the same with line ends of both kinds, or none at the end', async () => {
    const whole = await told(encoder(), records)
    const text = linesOf(records)
    const isNative = encoder().mediaType === AS_IT_COMES.mediaType
    if (!isNative)
      expect(await toldInChunks(encoder(), [text.replaceAll('\n', '\r\n')])).toBe(whole)
    expect((await toldInChunks(encoder(), [text.trimEnd()])).trimEnd()).toBe(whole.trimEnd())
  })
})
