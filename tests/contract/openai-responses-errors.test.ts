import { afterAll, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { chatChunk } from '../support/fake-ollama/records.ts'
import { errorMidStream, reset, type Script, stream } from '../support/fake-ollama/script.ts'
import { MODEL, setStage } from '../support/gateway/stage.ts'
import { thrownBy } from './clients/thrown-by.ts'

const stage = await setStage()
afterAll(() => stage[Symbol.asyncDispose]())
const user = await stage.gateway.user({ roles: ['premium'] })
const client = new OpenAI({
  baseURL: `${stage.gateway.url}/openai/v1`,
  apiKey: user.key,
  maxRetries: 0,
})

const HI = { model: MODEL, input: 'hi' }
const firstRecord = stream([chatChunk(MODEL, 'one')])
const FAILURES: [string, Script, RegExp][] = [
  ['an error of Ollama', [firstRecord, errorMidStream('the runner stopped')], /runner stopped/],
  ['an early end', [firstRecord], /ended its answer early/],
  ['a broken connection', [firstRecord, reset()], /connection to Ollama broke/],
]

/** Reads a stream of events to its end, with what was said in it. */
async function readAll(said: string[]): Promise<void> {
  for await (const event of await client.responses.create({ ...HI, stream: true })) {
    if (event.type === 'response.output_text.delta') said.push(event.delta)
  }
}

test.each(FAILURES)(
  '%s in mid-stream is thrown by the client, however it reads',
  async (_, script, text) => {
    const stop = stage.ollama.on('/api/chat', script)
    const said: string[] = []
    const error = await thrownBy(() => readAll(said))
    expect(error).toBeInstanceOf(OpenAI.APIError)
    expect(error).toMatchObject({ message: expect.stringMatching(text) })
    expect(said).toEqual(['one'])
    const streaming = thrownBy(() => client.responses.stream(HI).finalResponse())
    expect(await streaming).toMatchObject({ message: expect.stringMatching(text) })
    stop()
  },
)

test('a failure in mid-stream is the last thing that is said, in the words of this API', async () => {
  stage.ollama.once('/api/chat', [firstRecord, errorMidStream('the runner stopped')])
  const sent = await stage.post('/openai/v1/responses', { ...HI, stream: true }, { as: user })
  const text = await sent.text()
  expect(sent.headers.get('content-type')).toStartWith('text/event-stream')
  const [name, data = ''] = text.trimEnd().split('\n').slice(-2)
  expect(name).toBe('event: error')
  const { sequence_number, ...error } = JSON.parse(data.slice('data: '.length)) as {
    sequence_number: number
  }
  expect(error).toMatchObject({
    type: 'error',
    code: 'upstream_error',
    message: expect.stringContaining('the runner stopped'),
    param: null,
  })
  expect(sequence_number).toBe(text.split('event: ').length - 2)
  expect(text).not.toContain('[DONE]')
})

test.each([
  [{ previous_response_id: 'resp_1' }, 'previous_response_id', /nothing is kept here/],
  [{ background: true }, 'background', /nothing runs in the background/],
  [
    { tools: [{ type: 'web_search' as const }] },
    'tools[0].type',
    /no tools of the type web_search/,
  ],
  [
    { input: [{ type: 'item_reference' as const, id: 'msg_1' }] },
    'input[0].type',
    /send the item itself/,
  ],
  [{ model: 'nothing' }, 'model', /model 'nothing' not found/],
])('what can not be done is refused with the field: %j', async (change, param, text) => {
  const asking = client.responses.create({ ...HI, ...change })
  expect(await thrownBy(() => asking)).toMatchObject({
    status: 'model' in change ? 404 : 400,
    param,
    message: expect.stringMatching(text),
  })
})

test('what Ollama refuses is refused before a stream begins', async () => {
  const asked = { ...HI, stream: true as const, think: 'high' }
  const asking = client.responses.create(asked)
  expect(await thrownBy(() => asking)).toMatchObject({
    status: 400,
    message: expect.stringContaining('does not support thinking'),
  })
})
