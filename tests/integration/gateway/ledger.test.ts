import { expect, test } from 'bun:test'
import { describeEachDatabase } from '../../support/each-database.ts'
import { readRecords } from '../../support/gateway/records.ts'
import { CHAT, MODEL, type Stage, setStage } from '../../support/gateway/stage.ts'

const SHORT = { ...CHAT, stream: false }

/** What each operation leaves in the ledger; the counts are those that the fake reports. */
const OPERATIONS: readonly [string, string, object | null, object][] = [
  ['/api/chat', 'chat', CHAT, { prompt_tokens: 1, completion_tokens: 7, model: MODEL }],
  ['/api/chat', 'chat', SHORT, { prompt_tokens: 1, completion_tokens: 7, model: MODEL }],
  [
    '/v1/generate',
    'generate',
    { model: MODEL, prompt: 'hi you' },
    { prompt_tokens: 2, completion_tokens: 7, model: MODEL },
  ],
  ['/api/generate', 'generate', { model: MODEL }, { prompt_tokens: 0, completion_tokens: 0 }],
  [
    '/api/embed',
    'embed',
    { model: MODEL, input: ['a', 'b'] },
    { prompt_tokens: 2, completion_tokens: 0, estimated: 0, model: MODEL },
  ],
  [
    '/api/embeddings',
    'embeddings',
    { model: MODEL, prompt: 'hi' },
    { prompt_tokens: expect.any(Number), completion_tokens: 0, estimated: 1, model: MODEL },
  ],
  ['/api/tags', 'tags', null, { prompt_tokens: 0, estimated: 0, model: null }],
  ['/v1/models', 'models', null, { prompt_tokens: 0, model: null }],
  ['/api/ps', 'ps', null, { prompt_tokens: 0, model: null }],
  ['/api/version', 'version', null, { prompt_tokens: 0, model: null }],
  ['/api/show', 'show', { model: MODEL }, { prompt_tokens: 0, estimated: 0, model: MODEL }],
  ['/api/pull', 'pull', { model: MODEL }, { prompt_tokens: 0, completion_tokens: 0, estimated: 0 }],
]

const ask = (stage: Stage, path: string, body: object | null, headers = {}) =>
  body ? stage.post(path, body, { headers }) : stage.get(path, { headers })

await describeEachDatabase('the ledger', (openFresh) => {
  test('has one row for each request that was let in, with what it was and what it used', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const user = await stage.gateway.administrator()
    for (const [i, [path, operation, body, expected]] of OPERATIONS.entries()) {
      const headers = { authorization: `Bearer ${user.key}`, 'x-request-id': `mine-${i}` }
      const response = await ask(stage, `/ollama${path}`, body, headers)
      expect([path, response.status]).toEqual([path, 200])
      expect(response.headers.get('x-request-id')).toBe(`mine-${i}`)
      await response.text()
      const rows = await stage.gateway.usageOf(user)
      expect(rows).toHaveLength(i + 1)
      expect(rows.at(-1)).toMatchObject({
        request_id: `mine-${i}`,
        user_id: user.id,
        key_id: user.keyId,
        gateway: 'ollama',
        operation,
        status: 200,
        outcome: 'completed',
        error_code: null,
        ...expected,
      })
    }
  })

  test('has nothing of requests that were refused', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const refused: [number, Promise<Response>][] = [
      [401, stage.post('/ollama/api/chat', CHAT, { as: null })],
      [403, stage.send('DELETE', '/ollama/api/delete', { model: MODEL })],
      [404, stage.post('/ollama/api/chat', { ...CHAT, model: 'nothing' })],
      [404, stage.get('/ollama/api/nothing')],
      [400, stage.post('/ollama/api/chat', '{')],
      [405, stage.get('/ollama/api/chat')],
    ]
    for (const [status, response] of refused) expect((await response).status).toBe(status)
    expect(await stage.gateway.usageOf(stage.user)).toEqual([])
  })

  test('tells how long a request waited, loaded, took to its first token, and took in all', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const began = Date.now()
    await readRecords(await stage.post('/ollama/api/chat', CHAT)).rest()
    const [row] = await stage.gateway.usageOf(stage.user)
    if (!row) throw new Error('no row')
    expect(row.backend).toBe(`127.0.0.1:${stage.ollama.port}`)
    expect(row.load_ms).toBe(101)
    expect(row.started_at).toBeWithin(began, row.ended_at + 1)
    expect(row.total_ms).toBe(row.ended_at - row.started_at)
    expect(row.first_token_ms ?? -1).toBeWithin(row.queue_ms, row.total_ms + 1)
  })

  test('holds the row of an answer as soon as its reader has the last byte, also of many at a time', async () => {
    const database = await openFresh()
    await using stage = await setStage({ database })
    const rows = database.db.selectFrom('requests').select('id')
    const counts = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const id = `request-${i}`
        const response = await stage.post('/ollama/api/chat', i % 3 === 0 ? SHORT : CHAT, {
          headers: { 'x-request-id': id },
        })
        await response.text()
        return (await rows.where('request_id', '=', id).execute()).length
      }),
    )
    expect(counts).toEqual(Array(40).fill(1))
  })

  test('sums up to what Ollama has counted, whatever the answers were', async () => {
    await using stage = await setStage({
      database: await openFresh(),
      ollama: { answer: (_, prompt) => 'word '.repeat(Number(prompt.split(' ').at(-1))) },
    })
    const asked = Array.from({ length: 40 }, (_, i) => {
      const content = `${'so '.repeat(i % 7)}count to ${(i * 13) % 29}`
      const body = { ...CHAT, messages: [{ role: 'user', content }], stream: i % 2 === 0 }
      return stage.post('/ollama/api/chat', body).then((response) => response.text())
    })
    await Promise.all(asked)
    const told = stage.ollama.ledger.filter(({ request }) => request.path === '/api/chat')
    const rows = await stage.gateway.usageOf(stage.user)
    const sum = (counts: readonly (number | undefined)[]) =>
      counts.reduce((total: number, count) => total + (count ?? 0), 0)
    expect(rows).toHaveLength(told.length)
    expect(sum(rows.map((row) => row.prompt_tokens))).toBe(
      sum(told.map(({ promptEvalCount }) => promptEvalCount)),
    )
    expect(sum(rows.map((row) => row.completion_tokens))).toBe(
      sum(told.map(({ evalCount }) => evalCount)),
    )
  })
})
