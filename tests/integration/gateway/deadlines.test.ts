import { expect, test } from 'bun:test'
import { gate } from '../../support/fake-ollama/gate.ts'
import { chatChunk, chatRecords } from '../../support/fake-ollama/records.ts'
import { hang, type Script, stream, waitFor } from '../../support/fake-ollama/script.ts'
import { readRecords } from '../../support/gateway/records.ts'
import { CHAT, MODEL, setStage } from '../../support/gateway/stage.ts'

test('a model that loads is waited for as long as the deadline allows', async () => {
  const loading = gate()
  await using stage = await setStage({ ollama: { onLoad: () => loading.passed } })
  const answer = stage.post('/ollama/api/chat', CHAT)
  await stage.ollama.nextRequest('/api/chat')
  expect(await Promise.race([answer, stage.get('/ollama/api/version')])).toMatchObject({
    url: `${stage.gateway.url}/ollama/api/version`,
  })
  loading.open()
  const records = await readRecords(await answer).rest()
  expect(records.at(-1)).toMatchObject({ done: true })
})

/** Longer than the ten seconds after which the HTTP server would close a silent connection itself. */
const SILENCE_MS = 13_000

test('silence before and within an answer is longer than a server’s usual patience', async () => {
  // Without heartbeats, which would keep a connection alive that is closed when it is silent.
  await using stage = await setStage({ settings: { heartbeatSeconds: 3600 } })
  const silence = Bun.sleep(SILENCE_MS)
  const records = chatRecords(MODEL, ['one '])
  stage.ollama.once('/api/chat', [waitFor(silence), stream(records)])
  stage.ollama.once('/api/chat', stream(records, { gates: [Promise.resolve(), silence] }))
  const [late, halting] = await Promise.all(
    [0, 1].map(async () => readRecords(await stage.post('/ollama/api/chat', CHAT)).rest()),
  )
  expect(late).toHaveLength(2)
  expect(halting).toHaveLength(2)
}, 30_000)

test('a host that does not begin in time is left: 504, the connection closed, one failed row', async () => {
  await using stage = await setStage({ settings: { firstByteTimeoutSeconds: 1 } })
  stage.ollama.once('/api/chat', hang())
  const response = await stage.post('/ollama/api/chat', CHAT)
  expect(response.status).toBe(504)
  expect(await response.json()).toMatchObject({ code: 'upstream_timeout', status: 504 })
  expect((await stage.ollama.nextAbort()).path).toBe('/api/chat')
  expect(await stage.gateway.usageOf(stage.user)).toMatchObject([
    { outcome: 'failed', error_code: 'upstream_timeout', status: 504, completion_tokens: 0 },
  ])
})

const FIRST = chatChunk(MODEL, 'one ')
const ENDLESS: Script = async (reply) => {
  for (;;) await stream([FIRST, FIRST], { gapMs: 50 })(reply)
}

test.each<[string, Script, Record<string, number>, string]>([
  [
    'falls silent',
    [stream([FIRST]), hang()],
    { idleTimeoutSeconds: 1 },
    'Ollama stopped in the middle of its answer; try again',
  ],
  [
    'never ends',
    ENDLESS,
    { requestTimeoutSeconds: 1 },
    'the answer took longer than is allowed here',
  ],
])(
  'an answer that %s is ended with an error record and one failed row',
  async (_, script, settings, error) => {
    await using stage = await setStage({ settings })
    stage.ollama.once('/api/chat', script)
    const records = await readRecords(await stage.post('/ollama/api/chat', CHAT)).rest()
    expect(records.at(0)).toMatchObject({ message: { content: 'one ' } })
    expect(records.at(-1)).toEqual({ error, code: 'upstream_timeout' })
    await stage.ollama.nextAbort()
    expect(await stage.gateway.usageOf(stage.user)).toMatchObject([
      {
        outcome: 'failed',
        error_code: 'upstream_timeout',
        completion_tokens: records.length - 1,
        estimated: 1,
      },
    ])
  },
)
