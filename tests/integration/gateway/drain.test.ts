import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type Serving, serveProgram } from '../../support/cli-program.ts'
import { gate, gates } from '../../support/fake-ollama/gate.ts'
import { chatChunk, chatRecords } from '../../support/fake-ollama/records.ts'
import { hang, stream, waitFor } from '../../support/fake-ollama/script.ts'
import type { TestUser } from '../../support/gateway/people.ts'
import { rawExchange, rawRequest } from '../../support/gateway/raw-http.ts'
import { readRecords } from '../../support/gateway/records.ts'
import { CHAT, MODEL, type Stage, setStage } from '../../support/gateway/stage.ts'
import { TEST_SECRET } from '../../support/gateway.ts'

/** How soon a gateway with nothing to do has ended, in ms. */
const IDLE_END_MS = 2000
const SHUTTING_DOWN = { code: 'shutting_down', error: expect.stringContaining('shutting down') }

/** Lends its fake Ollama and its database to the gateways that are told to stop. */
let stage: Stage
let user: TestUser
beforeAll(async () => {
  stage = await setStage()
  user = stage.user
})
afterAll(() => stage[Symbol.asyncDispose]())

const serve = (settings: Record<string, string> = {}): Promise<Serving> =>
  serveProgram(['--ollama-urls', stage.ollama.url], {
    env: {
      PARALLAMA_SECRET: TEST_SECRET,
      PARALLAMA_DATABASE_URL: stage.gateway.databaseUrl,
      ...settings,
    },
  })

const chat = ({ url }: Serving, body: object = CHAT): Promise<Response> =>
  fetch(`${url}/ollama/api/chat`, {
    method: 'POST',
    headers: { authorization: `Bearer ${user.key}` },
    body: JSON.stringify(body),
  })

const isListening = ({ url }: Serving): Promise<boolean> =>
  rawExchange(Number(new URL(url).port), rawRequest(['GET /livez HTTP/1.1', 'Host: a'])).then(
    (answer) => {
      answer.end()
      return answer.status === 200
    },
    () => false,
  )

/** Sends the signal and waits until nobody new is let in; `ended` tells how the program ended. */
async function beginToStop(serving: Serving) {
  const ended = serving.stop()
  while (await isListening(serving)) await Bun.sleep(5)
  return { ended }
}

const lastRow = async () => (await stage.gateway.usageOf(user)).at(-1)

test('at SIGTERM answers that are on their way come whole, nobody new is let in, and the exit code is 0', async () => {
  await using serving = await serve()
  const records = chatRecords(MODEL, ['one ', 'two '])
  const held = gates(records.length)
  stage.ollama.once('/api/chat', stream(records, { gates: held.map(({ passed }) => passed) }))
  held[0]?.open()
  const reader = readRecords(await chat(serving))
  await reader.next()
  const loaded = gate()
  stage.ollama.once('/api/chat', [waitFor(loaded.passed), stream(records)])
  const waiting = chat(serving)
  for (let i = 0; i < 2; i++) await stage.ollama.nextRequest('/api/chat')

  const { ended } = await beginToStop(serving)
  for (const { open } of held) open()
  loaded.open()
  expect(await reader.rest()).toHaveLength(2)
  expect(await readRecords(await waiting).rest()).toHaveLength(3)
  expect(await ended).toMatchObject({ code: 0, stderr: expect.stringContaining('"stopped"') })
  expect((await stage.gateway.usageOf(user)).slice(-2)).toMatchObject([
    { outcome: 'completed', completion_tokens: 3 },
    { outcome: 'completed', completion_tokens: 3 },
  ])
})

test('a gateway with nothing to do ends at once', async () => {
  await using serving = await serve()
  await (await chat(serving, { ...CHAT, stream: false })).text()
  const began = performance.now()
  expect(await serving.stop()).toMatchObject({ code: 0 })
  expect(performance.now() - began).toBeLessThan(IDLE_END_MS)
})

test('a second signal ends what is still on its way with an error record, and its row says so', async () => {
  await using serving = await serve()
  stage.ollama.once('/api/chat', [stream([chatChunk(MODEL, 'one ')]), hang()])
  stage.ollama.once('/api/chat', hang())
  const reader = readRecords(await chat(serving))
  await reader.next()
  const waiting = chat(serving)
  for (let i = 0; i < 2; i++) await stage.ollama.nextRequest('/api/chat')
  const { ended } = await beginToStop(serving)
  const again = serving.stop()
  expect(await reader.rest()).toEqual([SHUTTING_DOWN])
  const refused = await waiting
  expect(refused.status).toBe(503)
  expect(refused.headers.get('retry-after')).toBe('5')
  expect(await refused.json()).toMatchObject(SHUTTING_DOWN)
  expect(await Promise.all([ended, again])).toMatchObject([{ code: 0 }, { code: 0 }])
  const rows = (await stage.gateway.usageOf(user)).slice(-2)
  expect(rows.map(({ error_code }) => error_code)).toEqual(['shutting_down', 'shutting_down'])
  expect(rows[0]).toMatchObject({ outcome: 'cancelled', completion_tokens: 1, estimated: 1 })
})

test('what has not ended when the drain timeout is over is cut', async () => {
  await using serving = await serve({ PARALLAMA_DRAIN_TIMEOUT_SECONDS: '1' })
  stage.ollama.once('/api/chat', [stream([chatChunk(MODEL, 'one ')]), hang()])
  const reader = readRecords(await chat(serving))
  await reader.next()
  const ended = serving.stop()
  expect(await reader.rest()).toEqual([SHUTTING_DOWN])
  expect(await ended).toMatchObject({ code: 0 })
  expect(await lastRow()).toMatchObject({ outcome: 'cancelled', error_code: 'shutting_down' })
})

test('in the drain delay requests are served while load balancers are told to go elsewhere', async () => {
  await using serving = await serve({ PARALLAMA_DRAIN_DELAY_SECONDS: '1' })
  const isReady = async () => (await fetch(`${serving.url}/readyz`)).status === 200
  expect(await isReady()).toBeTrue()
  const ended = serving.stop()
  while (await isReady());
  expect((await chat(serving, { ...CHAT, stream: false })).status).toBe(200)
  expect(await ended).toMatchObject({ code: 0 })
  expect(await lastRow()).toMatchObject({ outcome: 'completed' })
})

test('a connection that was kept is closed as soon as the gateway drains', async () => {
  await using serving = await serve()
  stage.ollama.once('/api/chat', [stream([chatChunk(MODEL, 'one ')]), hang()])
  const reader = readRecords(await chat(serving))
  await reader.next()
  const kept = await keepConnection(serving)
  expect(await kept.ask()).toStartWith('HTTP/1.1 200 ')
  const { ended } = await beginToStop(serving)
  expect(await kept.ask()).toBe('')
  await reader.leave()
  expect(await ended).toMatchObject({ code: 0 })
})

/** A connection on which one can ask again; `''` when the server has closed it. */
async function keepConnection({ url }: Serving) {
  let answered = Promise.withResolvers<string>()
  let isClosed = false
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port: Number(new URL(url).port),
    socket: {
      data: (_, bytes) => answered.resolve(bytes.toString()),
      close() {
        isClosed = true
        answered.resolve('')
      },
    },
  })
  const head = ['GET /ollama/api/version HTTP/1.1', `Host: ${new URL(url).host}`]
  return {
    async ask(): Promise<string> {
      if (isClosed) return ''
      answered = Promise.withResolvers()
      socket.write(rawRequest([...head, `Authorization: Bearer ${user.key}`]))
      return await answered.promise
    },
  }
}
