import { expect, test } from 'bun:test'
import { Ollama } from 'ollama'
import { chatChunk } from '../support/fake-ollama/records.ts'
import {
  badGateway,
  cutShort,
  endWithoutDone,
  errorBefore,
  errorMidStream,
  hang,
  type Script,
  stream,
} from '../support/fake-ollama/script.ts'
import { CHAT, MODEL, type Stage, setStage } from '../support/gateway/stage.ts'

const chat = { model: MODEL, messages: [...CHAT.messages] }
const firstRecord = stream([chatChunk(MODEL, 'one')])

const clientOf = ({ gateway }: Stage, key: string | null) =>
  new Ollama({
    host: `${gateway.url}/ollama`,
    ...(key !== null && { headers: { authorization: `Bearer ${key}` } }),
  })

/** Streams a chat to its end; how it failed, and how many records came before. */
async function streamToFailure(client: Ollama) {
  let records = 0
  try {
    for await (const _ of await client.chat({ ...chat, stream: true })) records++
  } catch (err) {
    return { records, error: err instanceof Error ? err.message : String(err) }
  }
  return { records, error: null }
}

test("Ollama's client is told in words that its key is missing, wrong or not enough", async () => {
  await using stage = await setStage()
  for (const key of [null, 'nonsense']) {
    await expect(clientOf(stage, key).list()).rejects.toMatchObject({
      status_code: 401,
      error: expect.stringContaining('unauthorized: send a valid API key'),
    })
  }
  await expect(clientOf(stage, stage.user.key).delete({ model: MODEL })).rejects.toMatchObject({
    status_code: 403,
    error: expect.stringContaining('models:manage'),
  })
})

test("Ollama's client is told of a model that is not there as Ollama itself would", async () => {
  await using stage = await setStage()
  const client = clientOf(stage, stage.user.key)
  const refusal = { status_code: 404, error: "model 'nothing' not found" }
  await expect(client.chat({ ...chat, model: 'nothing' })).rejects.toMatchObject(refusal)
  await expect(client.show({ model: 'nothing' })).rejects.toMatchObject(refusal)
})

test.each<[string, Script, number, string]>([
  ['a refusal by Ollama', errorBefore(400, 'bad option'), 400, 'bad option'],
  ['a crash', errorBefore(500, 'model runner has stopped'), 500, 'model runner has stopped'],
  ['a full queue', errorBefore(503, 'server busy'), 503, 'server busy'],
  ['a proxy that speaks HTML', badGateway(), 502, 'Ollama gave an answer that makes no sense'],
])("Ollama's client throws on %s", async (_, script, status_code, error) => {
  await using stage = await setStage()
  stage.ollama.on('/api/chat', script)
  const client = clientOf(stage, stage.user.key)
  const expected = { status_code, error: expect.stringContaining(error) }
  await expect(client.chat(chat)).rejects.toMatchObject(expected)
  await expect(client.chat({ ...chat, stream: true })).rejects.toMatchObject(expected)
})

test.each<[string, Script, string]>([
  ['an error in the stream', errorMidStream('the model has crashed'), 'the model has crashed'],
  ['an end without a final record', endWithoutDone(), 'Ollama ended its answer early; try again'],
  ['a broken connection', cutShort(), 'the connection to Ollama broke; try again'],
])("Ollama's client throws on %s, after the records before it", async (_, script, error) => {
  await using stage = await setStage()
  stage.ollama.once('/api/chat', [firstRecord, script])
  const client = clientOf(stage, stage.user.key)
  expect(await streamToFailure(client)).toEqual({ records: 1, error })
})

test("Ollama's client can abort a stream: Ollama stops, and one row says so", async () => {
  await using stage = await setStage()
  stage.ollama.once('/api/chat', [firstRecord, hang()])
  const client = clientOf(stage, stage.user.key)
  const answer = await client.chat({ ...chat, stream: true })
  const reading = (async () => {
    for await (const _ of answer) answer.abort()
  })()
  await expect(reading).rejects.toThrow('aborted')
  await stage.ollama.nextAbort()
  await stage.gateway.accounted(1)
  expect(await stage.gateway.usageOf(stage.user)).toMatchObject([
    { outcome: 'cancelled', completion_tokens: 1, estimated: 1 },
  ])
})
