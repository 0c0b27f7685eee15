import { expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema'
import { chatDone } from '../support/fake-ollama/records.ts'
import { respond, stream } from '../support/fake-ollama/script.ts'
import { MODEL, type Stage, setStage } from '../support/gateway/stage.ts'

const HELLO = `Hello from ${MODEL}, a fake model.`
const CALLS = ['Łódź', 'Zürich'].map((city, i) => ({
  id: `call_${i}`,
  function: { index: 0, name: 'weather', arguments: { city } },
}))
const weather = betaTool({
  name: 'weather',
  description: 'the weather in a city',
  inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  run: ({ city }) => `rain in ${city}`,
})
const HI = {
  model: MODEL,
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'hi' }],
}

/** A stage on which the model calls for the weather here, then there, and then answers. */
async function open() {
  const stage = await setStage()
  const { key } = await stage.gateway.user({ roles: ['premium'] })
  for (const call of CALLS) {
    const answer = chatDone(MODEL, { tokens: 9 }, { tool_calls: [call] })
    stage.ollama.once('/api/chat', {
      byRequest: (request) =>
        (request.json() as { stream: boolean }).stream
          ? stream([answer])
          : respond(200, 'application/json; charset=utf-8', JSON.stringify(answer)),
    })
  }
  const client = new Anthropic({ baseURL: `${stage.gateway.url}/anthropic`, apiKey: key })
  return { stage, client }
}

const sent = ({ ollama }: Stage) =>
  ollama.calls('/api/chat').map((call) => (call.json() as { messages: unknown }).messages)

/** What the model has read before it answers. */
const HISTORY = [
  { role: 'user', content: 'hi' },
  ...CALLS.flatMap(({ id, function: { name, arguments: input } }) => [
    {
      role: 'assistant',
      content: '',
      tool_calls: [{ id, function: { index: 0, name, arguments: input } }],
    },
    { role: 'tool', content: `rain in ${input.city}`, tool_name: name, tool_call_id: id },
  ]),
]

test.each([false, true])(
  "the tool loop of Anthropic's client has the model read the whole conversation: streamed %p",
  async (streamed) => {
    const { stage, client } = await open()
    await using _ = stage
    const runner = client.beta.messages.toolRunner({ ...HI, tools: [weather], stream: streamed })
    const { content, stop_reason } = await runner.runUntilDone()
    expect(content).toMatchObject([{ type: 'text', text: HELLO }])
    expect(stop_reason).toBe('end_turn')
    expect(sent(stage)).toEqual([HISTORY.slice(0, 1), HISTORY.slice(0, 3), HISTORY])
  },
)

test("a thread of Anthropic's client is told that nothing is kept, or goes on without", async () => {
  const { stage, client } = await open()
  await using _ = stage
  const { messages, ...params } = HI
  const stubborn = client.beta.messages.thread(params)
  const refused = await stubborn.send(messages).catch((err: unknown) => err)
  expect(refused).toBeInstanceOf(Anthropic.BadRequestError)
  expect(refused).toMatchObject({ errorCode: 'thread_unsupported_request' })
  expect(sent(stage)).toEqual([])
  const unsupportedRequestBehavior = 'continue_unthreaded'
  const thread = client.beta.messages.thread({ ...params, unsupportedRequestBehavior })
  await thread.send(messages)
  await thread.send({ role: 'user', content: 'and?' })
  expect(sent(stage).at(-1)).toMatchObject([{ content: 'hi' }, {}, { content: 'and?' }])
})
