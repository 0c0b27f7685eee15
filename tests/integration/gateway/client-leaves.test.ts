import { expect, test } from 'bun:test'
import { describeEachDatabase } from '../../support/each-database.ts'
import { gate, gates } from '../../support/fake-ollama/gate.ts'
import type { RecordedRequest } from '../../support/fake-ollama/recorder.ts'
import { chatRecords } from '../../support/fake-ollama/records.ts'
import { hang, stream } from '../../support/fake-ollama/script.ts'
import { readRecords } from '../../support/gateway/records.ts'
import { CHAT, MODEL, type Stage, setStage } from '../../support/gateway/stage.ts'

const CLOSED_WITHIN_MS = 100

/** Does the leaving and waits until Ollama has noticed; the row must then be the only one. */
async function leaveAndRead(stage: Stage, leave: () => void | Promise<void>) {
  const leftAt = Date.now()
  await leave()
  const request: RecordedRequest = await stage.ollama.nextAbort()
  await stage.gateway.accounted(1)
  const rows = await stage.gateway.usageOf(stage.user)
  expect(rows).toHaveLength(1)
  return { closedAfterMs: (request.abortedAt ?? Number.NaN) - leftAt, row: rows[0] }
}

await describeEachDatabase('a client that leaves', (openFresh) => {
  test.each([
    ['a streamed chat', '/api/chat', CHAT],
    ['a chat in one piece', '/api/chat', { ...CHAT, stream: false }],
    ['an embedding', '/api/embed', { model: MODEL, input: 'hi' }],
  ])(
    'while %s waits for its headers closes the request to Ollama and leaves one row for the prompt',
    async (_, path, body) => {
      await using stage = await setStage({ database: await openFresh() })
      stage.ollama.once(path, hang())
      const client = new AbortController()
      const answer = stage.post(`/ollama${path}`, body, { signal: client.signal })
      await stage.ollama.nextRequest(path)
      const { closedAfterMs, row } = await leaveAndRead(stage, async () => {
        client.abort()
        await answer.catch(() => {})
      })
      expect(closedAfterMs).toBeLessThan(CLOSED_WITHIN_MS)
      expect(row).toMatchObject({
        outcome: 'cancelled',
        error_code: 'client_closed',
        estimated: 1,
        completion_tokens: 0,
      })
      expect(row?.prompt_tokens).toBeGreaterThan(0)
    },
  )

  test('in the middle of a stream closes the request to Ollama and is charged what was seen', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const records = chatRecords(MODEL, ['one ', 'two ', 'three '])
    const held = gates(records.length)
    stage.ollama.once('/api/chat', stream(records, { gates: held.map(({ passed }) => passed) }))
    held[0]?.open()
    held[1]?.open()
    const reader = readRecords(await stage.post('/ollama/api/chat', CHAT))
    await reader.next()
    await reader.next()
    const { closedAfterMs, row } = await leaveAndRead(stage, () => reader.leave())
    expect(closedAfterMs).toBeLessThan(CLOSED_WITHIN_MS)
    expect(row).toMatchObject({
      outcome: 'cancelled',
      error_code: 'client_closed',
      completion_tokens: 2,
      estimated: 1,
    })
    expect(row?.prompt_tokens).toBePositive()
  })

  test('between the pieces of an answer that comes in one piece leaves one row', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const rest = gate()
    stage.ollama.once('/api/embed', async (reply) => {
      await reply.head(200, { 'Content-Type': 'application/json' })
      await reply.write('{"embeddings":[[0.1,')
      await reply.until(rest.passed)
    })
    const client = new AbortController()
    const body = { model: MODEL, input: 'hi' }
    const answer = stage.post('/ollama/api/embed', body, { signal: client.signal })
    await stage.ollama.nextRequest('/api/embed')
    const { closedAfterMs, row } = await leaveAndRead(stage, async () => {
      client.abort()
      await answer.catch(() => {})
    })
    expect(closedAfterMs).toBeLessThan(CLOSED_WITHIN_MS)
    expect(row).toMatchObject({ outcome: 'cancelled', error_code: 'client_closed' })
  })

  test('together with a hundred others leaves one row each and nothing open upstream', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const clients = Array.from({ length: 100 }, () => new AbortController())
    const half = stream(chatRecords(MODEL, ['one ']).slice(0, 1))
    stage.ollama.on('/api/chat', [half, hang()])
    const answers = await Promise.all(
      clients.map(({ signal }) => stage.post('/ollama/api/chat', CHAT, { signal })),
    )
    for (const client of clients) client.abort()
    await Promise.allSettled(answers.map((answer) => answer.text()))
    await stage.ollama.idle()
    await stage.gateway.accounted(100)
    const rows = await stage.gateway.usageOf(stage.user)
    expect(rows.map(({ outcome }) => outcome)).toEqual(Array(100).fill('cancelled'))
    expect(new Set(rows.map(({ id }) => id)).size).toBe(100)
  })
})

test('a client that leaves before its body is complete reaches no host and is not charged', async () => {
  await using stage = await setStage()
  const client = new AbortController()
  const started = gate()
  const body = new ReadableStream({
    async pull(controller) {
      controller.enqueue(new TextEncoder().encode('{"model":'))
      started.open()
      await new Promise(() => {})
    },
  })
  const answer = stage.post('/ollama/api/chat', body, {
    signal: client.signal,
    headers: { 'content-type': 'application/json' },
  })
  await started.passed
  client.abort()
  await answer.catch(() => {})
  expect((await stage.post('/ollama/api/chat', { ...CHAT, stream: false })).status).toBe(200)
  expect(stage.ollama.calls('/api/chat')).toHaveLength(1)
  expect(await stage.gateway.usageOf(stage.user)).toHaveLength(1)
})
