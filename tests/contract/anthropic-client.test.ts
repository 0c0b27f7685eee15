import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import Anthropic from '@anthropic-ai/sdk'
import { chatChunk, chatDone, toolCall } from '../support/fake-ollama/records.ts'
import { stream } from '../support/fake-ollama/script.ts'
import type { TestUser } from '../support/gateway/people.ts'
import { MODEL } from '../support/gateway/stage.ts'
import { lastSent } from './clients/last-sent.ts'
import { PIXEL } from './clients/questions.ts'
import { setClientStage, THINKER } from './clients/stage.ts'

const HELLO = `Hello from ${MODEL}, a fake model.`
const HI: Anthropic.MessageCreateParamsNonStreaming = {
  model: MODEL,
  max_tokens: 100,
  messages: [{ role: 'user', content: 'hi' }],
}
const WEATHER = {
  name: 'weather',
  description: 'the weather in a city',
  input_schema: { type: 'object' as const, properties: { city: { type: 'string' } } },
}

const stage = await setClientStage()
afterAll(() => stage[Symbol.asyncDispose]())

const clientOf = ({ key }: TestUser, gateway: 'anthropic' | 'ollama') =>
  new Anthropic({ baseURL: `${stage.gateway.url}/${gateway}`, apiKey: key, maxRetries: 0 })

/** What a stream with these blocks says in the end. */
const textsOf = (content: readonly Anthropic.ContentBlock[]) =>
  content.map((block) => (block.type === 'text' ? block.text : block.type))

describe.each([
  ['/anthropic', 'anthropic', 'premium'],
  ['/ollama, as Ollama itself serves it', 'ollama', 'basic'],
] as const)("Anthropic's client, pointed at %s", (_, gateway, role) => {
  let client: Anthropic
  beforeEach(async () => {
    client = clientOf(await stage.gateway.user({ roles: [role] }), gateway)
  })

  test('has a message made in one piece', async () => {
    const message = await client.messages.create({ ...HI, system: 'Be brief.' })
    expect(message).toMatchObject({
      type: 'message',
      role: 'assistant',
      model: MODEL,
      content: [{ type: 'text', text: HELLO }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 3, output_tokens: 7 },
    })
    expect(message.id).toMatch(/^msg_[0-9a-f]{32}$/)
    expect(lastSent(stage)).toMatchObject({
      stream: false,
      options: { num_predict: 100 },
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'hi' },
      ],
    })
  })

  test('streams a message, and puts it together', async () => {
    const pieces: string[] = []
    const streaming = client.messages.stream(HI).on('text', (text) => pieces.push(text))
    const message = await streaming.finalMessage()
    expect(pieces.join('')).toBe(HELLO)
    expect(pieces.length).toBeGreaterThan(1)
    expect(message).toMatchObject({
      content: [{ type: 'text', text: HELLO }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1, output_tokens: 7 },
    })
  })

  test('reads the events one by one', async () => {
    const types: string[] = []
    const events = await client.messages.create({ ...HI, max_tokens: 2, stream: true })
    for await (const { type } of events) types.push(type)
    expect(types).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
  })

  test('is told that there was no room for more, by the name that it gave the model', async () => {
    const { model, stop_reason } = await client.messages.create({
      ...HI,
      model: 'LLaMA3.2:3B',
      max_tokens: 2,
    })
    expect([model, stop_reason]).toEqual(['LLaMA3.2:3B', 'max_tokens'])
  })

  test('has tools called, and hands back what they said', async () => {
    const call = toolCall(0, 'weather', { city: 'Łódź' })
    const records = [
      chatChunk(MODEL, 'Let me look.'),
      chatChunk(MODEL, { tool_calls: [call] }),
      chatDone(MODEL, { tokens: 9 }),
    ]
    stage.ollama.once('/api/chat', stream(records))
    const asked = { ...HI, tools: [WEATHER] }
    const message = await client.messages.stream(asked).finalMessage()
    expect(message.stop_reason).toBe('tool_use')
    expect(textsOf(message.content)).toEqual(['Let me look.', 'tool_use'])
    const use = message.content.find((block) => block.type === 'tool_use')
    expect(use).toMatchObject({ id: call.id, name: 'weather', input: { city: 'Łódź' } })

    const result = { type: 'tool_result', tool_use_id: call.id, content: 'rain' } as const
    const answer = await client.messages.create({
      ...asked,
      messages: [
        ...HI.messages,
        { role: 'assistant', content: message.content },
        { role: 'user', content: [result, { type: 'text', text: 'so?' }] },
      ],
    })
    expect(textsOf(answer.content)).toEqual([HELLO])
    expect(lastSent(stage).messages).toEqual([
      { role: 'user', content: 'hi' },
      { role: 'assistant', content: 'Let me look.', tool_calls: [call] },
      { role: 'tool', content: 'rain', tool_name: 'weather', tool_call_id: call.id },
      { role: 'user', content: 'so?' },
    ])
  })

  test('sends images, and asks for an answer of a given shape', async () => {
    const schema = { type: 'object', properties: { colour: { type: 'string' } } }
    const image = { type: 'base64', media_type: 'image/png', data: PIXEL } as const
    const content = [
      { type: 'image' as const, source: image },
      { type: 'text' as const, text: 'which colour?' },
    ]
    await client.messages.create({
      ...HI,
      messages: [{ role: 'user', content }],
      output_config: { format: { type: 'json_schema', schema } },
    })
    expect(lastSent(stage)).toMatchObject({
      messages: [{ role: 'user', content: 'which colour?', images: [PIXEL] }],
      format: schema,
    })
  })

  test('sees a model think, and sends its thoughts back', async () => {
    const asked = { ...HI, model: THINKER, thinking: { type: 'adaptive' as const } }
    const streamed = await client.messages.stream(asked).finalMessage()
    const whole = await client.messages.create(asked)
    for (const { content } of [streamed, whole]) {
      expect(content[0]).toEqual({ type: 'thinking', thinking: 'Let me think.', signature: '' })
      expect(textsOf(content)).toEqual(['thinking', `Hello from ${THINKER}, a fake model.`])
    }
    const messages = [...HI.messages, { role: 'assistant' as const, content: whole.content }]
    await client.messages.create({
      ...asked,
      thinking: { type: 'enabled', budget_tokens: 1024 },
      messages: [...messages, { role: 'user', content: 'sure?' }],
    })
    expect(lastSent(stage)).toMatchObject({
      think: true,
      messages: [{}, { thinking: 'Let me think.' }, {}],
    })
  })

  test('may ask a model to think that can not: it answers without', async () => {
    const thinking = { type: 'enabled' as const, budget_tokens: 1024 }
    const { content } = await client.messages.create({ ...HI, thinking })
    expect(textsOf(content)).toEqual([HELLO])
    expect(lastSent(stage)).not.toHaveProperty('think')
  })

  test('counts the tokens of a prompt, for which no model is asked', async () => {
    const before = stage.asked().length
    const { max_tokens: _, ...prompt } = HI
    const short = await client.messages.countTokens(prompt)
    const long = await client.messages.countTokens({ ...prompt, system: 'x'.repeat(3000) })
    expect(short).toMatchObject({ estimated: true })
    expect(short.input_tokens).toBePositive()
    expect(long.input_tokens).toBeGreaterThan(short.input_tokens + 500)
    const missing = client.messages.countTokens({ ...prompt, model: 'nothing' })
    expect(await missing.catch((err: unknown) => err)).toBeInstanceOf(Anthropic.NotFoundError)
    expect(stage.asked()).toHaveLength(before)
  })
})
