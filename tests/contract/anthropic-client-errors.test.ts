import { expect, test } from 'bun:test'
import Anthropic, { type ClientOptions } from '@anthropic-ai/sdk'
import { chatChunk } from '../support/fake-ollama/records.ts'
import {
  badGateway,
  cutShort,
  endWithoutDone,
  errorBefore,
  errorMidStream,
  hang,
  reset,
  type Script,
  stream,
} from '../support/fake-ollama/script.ts'
import { limit } from '../support/gateway/limits.ts'
import type { TestUser } from '../support/gateway/people.ts'
import { MODEL, type Stage, setStage } from '../support/gateway/stage.ts'
import { thrownBy } from './clients/thrown-by.ts'

const HI: Anthropic.MessageCreateParamsNonStreaming = {
  model: MODEL,
  max_tokens: 100,
  messages: [{ role: 'user', content: 'hi' }],
}
const firstRecord = stream([chatChunk(MODEL, 'one')])

const clientOf = ({ gateway }: Stage, key: string, options: Partial<ClientOptions> = {}) =>
  new Anthropic({ baseURL: `${gateway.url}/anthropic`, apiKey: key, maxRetries: 0, ...options })

/** A stage, and a client of somebody who may use it. */
async function open(options: Partial<ClientOptions> = {}) {
  const stage = await setStage()
  const user = await stage.gateway.user({ roles: ['premium'] })
  return { stage, user, client: clientOf(stage, user.key, options) }
}

/** Streams a message to its end; how it failed, and what came before. */
async function streamToFailure(client: Anthropic) {
  let text = ''
  const streaming = client.messages.stream(HI).on('text', (piece) => {
    text += piece
  })
  return { error: await thrownBy(() => streaming.finalMessage()), text }
}

const limitOf = (stage: Stage, user: TestUser, what: Parameters<typeof limit>[1]) =>
  limit({ ...stage, user }, what, 1, { gateway: 'anthropic' })

test("Anthropic's client throws the exception that belongs to each refusal", async () => {
  const { stage, client } = await open()
  await using _ = stage
  const search = [{ type: 'web_search_20250305' as const, name: 'web_search' as const }]
  const create = (key: string) => () => clientOf(stage, key).messages.create(HI)
  const refusals = [
    [create('nonsense'), Anthropic.AuthenticationError, 401, 'unauthorized'],
    [create(stage.user.key), Anthropic.PermissionDeniedError, 403, 'gateway:anthropic'],
    [
      () => client.messages.create({ ...HI, model: 'nothing' }),
      Anthropic.NotFoundError,
      404,
      "model 'nothing' not found",
    ],
    [
      () => client.messages.create({ ...HI, messages: [] }),
      Anthropic.BadRequestError,
      400,
      'messages: must hold at least one message',
    ],
    [
      () => client.messages.create({ ...HI, tools: search }),
      Anthropic.BadRequestError,
      400,
      'tools[0].type: must be "custom"',
    ],
  ] as const
  for (const [ask, kind, status, text] of refusals) {
    const err = await thrownBy(ask)
    expect(err).toBeInstanceOf(kind)
    expect(err).toMatchObject({ status, apiMessage: expect.stringContaining(text) })
  }
  expect(stage.asked()).toEqual([])
})

test.each<[string, Script, number, string]>([
  ['a refusal by Ollama', errorBefore(400, 'bad option'), 400, 'bad option'],
  ['a crash', errorBefore(500, 'model runner has stopped'), 500, 'model runner has stopped'],
  ['a full queue', errorBefore(503, 'server busy'), 503, 'server busy'],
  ['a proxy that speaks HTML', badGateway(), 502, 'Ollama gave an answer that makes no sense'],
  ['a connection that is reset', reset(), 502, 'Ollama'],
])("Anthropic's client throws on %s", async (_, script, status, text) => {
  const { stage, client } = await open()
  await using _stage = stage
  stage.ollama.on('/api/chat', script)
  const expected = { status, apiMessage: expect.stringContaining(text) }
  expect(await thrownBy(() => client.messages.create(HI))).toMatchObject(expected)
  const streamed = await streamToFailure(client)
  expect(streamed).toMatchObject({ error: expected, text: '' })
})

test("Anthropic's client throws when Ollama is gone", async () => {
  const { stage, client } = await open()
  await using _ = stage
  await client.messages.create(HI)
  await stage.ollama.stop()
  const err = await thrownBy(() => client.messages.create(HI))
  expect(err).toBeInstanceOf(Anthropic.InternalServerError)
  expect(err).toMatchObject({ status: 502, type: 'api_error' })
})

test.each<[string, Script, string]>([
  ['an error in the stream', errorMidStream('the model has crashed'), 'the model has crashed'],
  ['an end without a final record', endWithoutDone(), 'Ollama ended its answer early; try again'],
  ['a broken connection', cutShort(), 'the connection to Ollama broke; try again'],
])("Anthropic's client throws on %s, after the words before it", async (_, script, message) => {
  const { stage, user, client } = await open()
  await using _stage = stage
  stage.ollama.once('/api/chat', [firstRecord, script])
  const { error, text } = await streamToFailure(client)
  expect(text).toBe('one')
  expect(error).toBeInstanceOf(Anthropic.APIError)
  expect(error).toMatchObject({ type: 'api_error', apiMessage: message })
  expect(await stage.gateway.usageOf(user)).toMatchObject([{ outcome: 'failed' }])
})

test("Anthropic's client can abort a stream: Ollama stops, and one row says so", async () => {
  const { stage, user, client } = await open()
  await using _ = stage
  stage.ollama.once('/api/chat', [firstRecord, hang()])
  const streaming = client.messages.stream(HI)
  streaming.on('text', () => streaming.abort())
  await expect(streaming.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError)
  await stage.ollama.nextAbort()
  await stage.gateway.accounted(1)
  expect(await stage.gateway.usageOf(user)).toMatchObject([
    { gateway: 'anthropic', operation: 'message', outcome: 'cancelled', completion_tokens: 1 },
  ])
})

test("Anthropic's client is told of a limit that is reached", async () => {
  const { stage, user, client } = await open()
  await using _ = stage
  await limitOf(stage, user, 'requests per minute')
  await client.messages.create(HI)
  const err = await thrownBy(() => client.messages.create(HI))
  expect(err).toBeInstanceOf(Anthropic.RateLimitError)
  expect(err).toMatchObject({ status: 429, type: 'rate_limit_error' })
  expect(String(err)).toContain('limit reached: 1 request per minute')
  expect(stage.asked()).toHaveLength(1)
})

test("Anthropic's client tries again by itself, and is let in when another request has ended", async () => {
  const statuses: number[] = []
  let first: { abort(): void } | undefined
  const { stage, user, client } = await open({
    maxRetries: 1,
    fetch: async (url, init) => {
      const response = await fetch(url, init)
      statuses.push(response.status)
      if (response.status === 429) first?.abort()
      return response
    },
  })
  await using _ = stage
  await limitOf(stage, user, 'concurrent-requests per now')
  stage.ollama.once('/api/chat', [firstRecord, hang()])
  const running = client.messages.stream(HI).on('abort', () => {})
  first = running
  await new Promise((resolve) => running.on('text', resolve))
  await client.messages.create(HI)
  expect(statuses).toEqual([200, 429, 200])
})

test("Anthropic's client finds the id of each request, good or refused", async () => {
  const { stage, client } = await open()
  await using _ = stage
  const { _request_id } = await client.messages.create(HI)
  expect(_request_id).toMatch(/^[\w-]{36}$/)
  const err = await thrownBy(() => client.messages.create({ ...HI, model: 'nothing' }))
  expect(err).toMatchObject({ status: 404, requestID: expect.stringMatching(/^[\w-]{36}$/) })
})
