import { describe, expect, test } from 'bun:test'
import { describeEachDatabase } from '../../support/each-database.ts'
import { chatChunk, chatDone, chatRecords } from '../../support/fake-ollama/records.ts'
import {
  cutShort,
  endWithoutDone,
  errorMidStream,
  junkLine,
  longLine,
  rawBytes,
  reset,
  type Script,
  stream,
} from '../../support/fake-ollama/script.ts'
import { readRecords } from '../../support/gateway/records.ts'
import { CHAT, MODEL, setStage } from '../../support/gateway/stage.ts'

const BEGINNING = stream([chatChunk(MODEL, 'one '), chatChunk(MODEL, 'two ')])
const HALF_A_RECORD = rawBytes(['{"model":"llama3.2:3b","message":{"role":"ass'])
const EARLY = { code: 'upstream_incomplete', error: 'Ollama ended its answer early; try again' }
const BROKEN = { code: 'upstream_error', error: 'the connection to Ollama broke; try again' }

const BREAKS: readonly [string, Script, { code: string; error: string }][] = [
  [
    'an error',
    errorMidStream('the runner has stopped'),
    { code: 'upstream_error', error: 'the runner has stopped' },
  ],
  [
    'an error that tells of the host',
    errorMidStream('read /root/.ollama/models/x: dial tcp 10.1.2.3:4000: http://gpu1:9/a'),
    { code: 'upstream_error', error: 'read <path>: dial tcp <address>: <address>' },
  ],
  ['an end without a final record', endWithoutDone(), EARLY],
  ['an end in the middle of a record', [HALF_A_RECORD, endWithoutDone()], EARLY],
  ['a closed connection', cutShort(), BROKEN],
  ['a reset', reset(), BROKEN],
]

await describeEachDatabase('a stream that Ollama ends with', (openFresh) => {
  test.each(BREAKS)(
    '%s ends in one error record, and one row with what was seen',
    async (_, script, failure) => {
      await using stage = await setStage({ database: await openFresh() })
      // The client has the beginning before the end comes: what is in flight may be lost with it.
      const begun = Promise.withResolvers<void>()
      stage.ollama.once('/api/chat', [BEGINNING, (reply) => reply.until(begun.promise), script])
      const reader = readRecords(await stage.post('/ollama/api/chat', CHAT))
      const first = [await reader.next(), await reader.next()]
      begun.resolve()
      const rest = await reader.rest()
      expect(first.map((record) => record?.message?.content)).toEqual(['one ', 'two '])
      expect(rest).toEqual([failure])
      expect(await stage.gateway.usageOf(stage.user)).toMatchObject([
        { outcome: 'failed', error_code: failure.code, completion_tokens: 2, estimated: 1 },
      ])
    },
  )
})

describe('a stream with strange records', () => {
  test('passes a line that is no JSON on and goes on after it', async () => {
    await using stage = await setStage()
    const records = chatRecords(MODEL, ['one'])
    stage.ollama.once('/api/chat', [
      stream(records.slice(0, 1)),
      junkLine(),
      stream(records.slice(1)),
    ])
    const text = await (await stage.post('/ollama/api/chat', CHAT)).text()
    expect(text.split('\n').map((line) => line.slice(0, 8))).toEqual([
      '{"model"',
      '<<< not ',
      '{"model"',
      '',
    ])
    const [row] = await stage.gateway.usageOf(stage.user)
    expect(row).toMatchObject({ outcome: 'completed', completion_tokens: 2, estimated: 0 })
  })

  test('passes a line of 10 MB on whole', async () => {
    await using stage = await setStage()
    const last = chatDone(MODEL, { promptTokens: 3, tokens: 4 })
    stage.ollama.once('/api/chat', [longLine(), stream([last])])
    const records = await readRecords(await stage.post('/ollama/api/chat', CHAT)).rest()
    expect(records[0]?.message?.content.length).toBeGreaterThan(9_900_000)
    expect(records[1]).toMatchObject({ done: true, eval_count: 4 })
    const [row] = await stage.gateway.usageOf(stage.user)
    expect(row).toMatchObject({ prompt_tokens: 3, completion_tokens: 4 })
  })

  test.each([
    ['negative', -5],
    ['huge', 1e15],
    ['text', '12'],
    ['fractions', 1.5],
    ['null', null],
  ])('counts for itself where the counts are %s', async (_, count) => {
    await using stage = await setStage()
    const done = { ...chatDone(MODEL), prompt_eval_count: count, eval_count: count }
    stage.ollama.once('/api/chat', stream([chatChunk(MODEL, 'a'), chatChunk(MODEL, 'b'), done]))
    expect((await stage.post('/ollama/api/chat', CHAT)).text()).resolves.toContain('"done":true')
    await stage.gateway.accounted(1)
    const [row] = await stage.gateway.usageOf(stage.user)
    expect(row).toMatchObject({ outcome: 'completed', estimated: 1 })
    expect(row?.completion_tokens).toBeWithin(2, 4)
    expect(row?.prompt_tokens).toBeWithin(1, 100)
  })
})
