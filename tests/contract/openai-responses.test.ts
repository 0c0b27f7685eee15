import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import OpenAI from 'openai'
import { zodTextFormat } from 'openai/helpers/zod'
import { z } from 'zod'
import { chatChunk, chatDone, toolCall } from '../support/fake-ollama/records.ts'
import { respond, stream } from '../support/fake-ollama/script.ts'
import { MODEL } from '../support/gateway/stage.ts'
import { lastSent } from './clients/last-sent.ts'
import { PIXEL } from './clients/questions.ts'
import { setClientStage, THINKER } from './clients/stage.ts'

const HELLO = `Hello from ${MODEL}, a fake model.`
const WEATHER: OpenAI.Responses.FunctionTool = {
  type: 'function',
  name: 'weather',
  description: 'the weather in a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
  strict: true,
}

const stage = await setClientStage()
afterAll(() => stage[Symbol.asyncDispose]())

/** An answer in one piece. */
const json = (answer: object) => respond(200, 'application/json', JSON.stringify(answer))

describe.each([
  ['/openai/v1', 'premium'],
  ['/ollama/v1', 'basic'],
])("OpenAI's client, with responses at %s,", (path, role) => {
  let client: OpenAI
  beforeEach(async () => {
    const { key } = await stage.gateway.user({ roles: [role] })
    client = new OpenAI({ baseURL: stage.gateway.url + path, apiKey: key, maxRetries: 0 })
  })

  test('has one made in one piece', async () => {
    const metadata = { team: 'red' }
    const response = await client.responses.create({
      model: MODEL,
      instructions: 'Be brief.',
      input: 'hi',
      max_output_tokens: 50,
      metadata,
    })
    expect(response).toMatchObject({
      object: 'response',
      status: 'completed',
      model: MODEL,
      output_text: HELLO,
      output: [{ type: 'message', content: [{ type: 'output_text', text: HELLO }] }],
      usage: { input_tokens: 3, output_tokens: 7, total_tokens: 10 },
      instructions: 'Be brief.',
      max_output_tokens: 50,
      metadata,
      error: null,
    })
    expect(response.id).toMatch(/^resp_[0-9a-f]{32}$/)
    expect(lastSent(stage)).toMatchObject({
      stream: false,
      options: { num_predict: 50 },
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'hi' },
      ],
    })
  })

  test('streams one, and puts the same together from its events', async () => {
    const deltas: string[] = []
    const streaming = client.responses
      .stream({ model: MODEL, input: 'hi' })
      .on('response.output_text.delta', ({ delta }) => void deltas.push(delta))
    const response = await streaming.finalResponse()
    expect(deltas).toEqual(['Hello', ' from', ` ${MODEL},`, ' a', ' fake', ' model.'])
    expect(response).toMatchObject({
      status: 'completed',
      output_text: HELLO,
      usage: { input_tokens: 1, output_tokens: 7 },
    })
  })

  test('sees that an answer was cut, in one piece and streamed', async () => {
    const cut = { model: MODEL, input: 'hi', max_output_tokens: 2 }
    const expected = {
      status: 'incomplete' as const,
      incomplete_details: { reason: 'max_output_tokens' as const },
      output_text: 'Hello from',
    }
    expect(await client.responses.create(cut)).toMatchObject(expected)
    expect(await client.responses.stream(cut).finalResponse()).toMatchObject(expected)
  })

  test('has tools called, and hands back what was answered and what they said', async () => {
    const calls = [
      toolCall(0, 'weather', { city: 'Łódź' }),
      toolCall(1, 'weather', { city: 'Lyon' }),
    ]
    const said = [
      chatChunk(MODEL, { content: 'Let me look.' }),
      chatChunk(MODEL, { tool_calls: calls }),
    ]
    stage.ollama.once('/api/chat', stream([...said, chatDone(MODEL, { tokens: 9 })]))
    const question = { role: 'user' as const, content: 'weather?' }
    const asked = { model: MODEL, input: [question], tools: [WEATHER] }
    const { output } = await client.responses.stream(asked).finalResponse()
    expect(output).toMatchObject([
      { type: 'message', content: [{ text: 'Let me look.' }] },
      { type: 'function_call', name: 'weather', parsed_arguments: { city: 'Łódź' } },
      { type: 'function_call', name: 'weather', parsed_arguments: { city: 'Lyon' } },
    ])
    const outputs = output.flatMap((item) =>
      item.type === 'function_call'
        ? [{ type: 'function_call_output' as const, call_id: item.call_id, output: 'rain' }]
        : [],
    )
    const input = [question, ...(output as OpenAI.Responses.ResponseInput), ...outputs]
    await client.responses.create({ model: MODEL, input, tools: [WEATHER] })
    expect(lastSent(stage)).toMatchObject({
      messages: [
        question,
        { role: 'assistant', content: 'Let me look.', tool_calls: calls },
        { role: 'tool', content: 'rain', tool_name: 'weather', tool_call_id: 'call_ab12cd30' },
        { role: 'tool', content: 'rain', tool_name: 'weather', tool_call_id: 'call_ab12cd31' },
      ],
      tools: [{ type: 'function', function: { name: 'weather' } }],
    })
  })

  test('has a tool called that takes any text', async () => {
    const call = toolCall(0, 'apply_patch', { input: '*** Begin Patch' })
    stage.ollama.once('/api/chat', stream([chatDone(MODEL, {}, { tool_calls: [call] })]))
    const tools = [{ type: 'custom' as const, name: 'apply_patch' }]
    const asked = { model: MODEL, input: 'change it', tools }
    expect((await client.responses.stream(asked).finalResponse()).output).toMatchObject([
      { type: 'custom_tool_call', name: 'apply_patch', input: '*** Begin Patch' },
    ])
  })

  test('sends images', async () => {
    await client.responses.create({
      model: MODEL,
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'what is it?' },
            { type: 'input_image', image_url: `data:image/png;base64,${PIXEL}`, detail: 'auto' },
          ],
        },
      ],
    })
    expect(lastSent(stage)).toMatchObject({
      messages: [{ role: 'user', content: 'what is it?', images: [PIXEL] }],
    })
  })

  test('has an answer of a given form, and reads it', async () => {
    const answer = chatDone(MODEL, {}, '{"colour":"red"}')
    for (const script of [stream([answer]), json(answer)]) stage.ollama.once('/api/chat', script)
    const text = { format: zodTextFormat(z.object({ colour: z.string() }), 'colour') }
    const asked = { model: MODEL, input: 'which colour?', text }
    const streamed = await client.responses.stream(asked).finalResponse()
    expect(streamed.output_parsed).toEqual({ colour: 'red' })
    expect((await client.responses.parse(asked)).output_parsed).toEqual({ colour: 'red' })
    expect(lastSent(stage)).toMatchObject({
      format: { type: 'object', properties: { colour: { type: 'string' } } },
    })
  })

  test('sees a model think, and hands its thoughts back', async () => {
    const asked = {
      model: THINKER,
      input: 'hi',
      reasoning: { effort: 'high' as const, summary: 'auto' as const },
      include: ['reasoning.encrypted_content' as const],
      store: false,
    }
    const thoughts = [{ type: 'reasoning', summary: [{ text: 'Let me think.' }] }, {}]
    const whole = await client.responses.create(asked)
    expect(whole.output).toMatchObject(thoughts)
    expect(lastSent(stage)).toMatchObject({ think: 'high' })
    const { output } = await client.responses.stream(asked).finalResponse()
    expect(output).toMatchObject(thoughts)
    const again = [...(output as OpenAI.Responses.ResponseInput), { role: 'user', content: 'so?' }]
    await client.responses.create({ ...asked, input: again as OpenAI.Responses.ResponseInput })
    expect(lastSent(stage)).toMatchObject({
      messages: [{ role: 'assistant', thinking: 'Let me think.' }, { content: 'so?' }],
    })
  })
})
