import { describe, expect, test } from 'bun:test'
import { gates } from '../../support/fake-ollama/gate.ts'
import { hang, stream } from '../../support/fake-ollama/script.ts'
import { readRecords } from '../../support/gateway/records.ts'
import { MODEL, setStage } from '../../support/gateway/stage.ts'

const MIB = 1024 * 1024
const BINARY = { 'content-type': 'application/octet-stream' }
const digestOf = (bytes: Uint8Array): string =>
  `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`

/** A body of so many pieces of a megabyte, each handed over when the test says so. */
function pieces(count: number) {
  const handed = gates(count)
  const bytes = new Uint8Array(MIB).fill(7)
  let at = 0
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const piece = handed[at++]
      if (!piece) return controller.close()
      await piece.passed
      controller.enqueue(bytes)
    },
  })
  return { body, handed, digest: digestOf(Buffer.alloc(count * MIB, 7)) }
}

describe('a model file that is uploaded', () => {
  test('may be larger than any other body, and arrives byte for byte', async () => {
    await using stage = await setStage({ settings: { maxBodyBytes: MIB } })
    const as = await stage.gateway.administrator()
    const bytes = crypto.getRandomValues(new Uint8Array(65_536))
    const file = Buffer.concat(Array(64).fill(bytes))
    const path = `/ollama/api/blobs/${digestOf(file)}`
    expect((await stage.get(path, { as, method: 'HEAD' })).status).toBe(404)
    const response = await stage.post(path, new Blob([file]), { as, headers: BINARY })
    expect(response.status).toBe(201)
    expect((await stage.get(path, { as, method: 'HEAD' })).status).toBe(200)
    const rows = await stage.gateway.usageOf(as)
    expect(rows.map(({ operation, outcome }) => [operation, outcome])).toEqual([
      ['blobs', expect.any(String)],
      ['blobs', 'completed'],
      ['blobs', 'completed'],
    ])
  })

  test('is passed on as it comes: Ollama has its beginning before its end was sent', async () => {
    await using stage = await setStage()
    const as = await stage.gateway.administrator()
    const { body, handed, digest } = pieces(4)
    const answer = stage.post(`/ollama/api/blobs/${digest}`, body, { as, headers: BINARY })
    handed[0]?.open()
    handed[1]?.open()
    const upload = () => stage.asked().at(0)
    while ((upload()?.received ?? 0) < MIB) await Bun.sleep(5)
    for (const { open } of handed) open()
    expect((await answer).status).toBe(201)
    expect(upload()?.received).toBe(4 * MIB)
  })

  test('is refused when it is not what its name says, and its row says so', async () => {
    await using stage = await setStage()
    const as = await stage.gateway.administrator()
    const path = `/ollama/api/blobs/sha256:${'0'.repeat(64)}`
    const response = await stage.post(path, new Blob(['x']), { as, headers: BINARY })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: expect.stringContaining('digest mismatch'),
    })
    expect(await stage.gateway.usageOf(as)).toMatchObject([{ outcome: 'failed', status: 400 }])
  })

  test('ends at Ollama too when its sender leaves in the middle', async () => {
    await using stage = await setStage()
    const as = await stage.gateway.administrator()
    const { body, handed, digest } = pieces(4)
    const client = new AbortController()
    const { signal } = client
    const path = `/ollama/api/blobs/${digest}`
    const answer = stage.post(path, body, { as, signal, headers: BINARY })
    handed[0]?.open()
    while ((stage.asked().at(0)?.received ?? 0) === 0) await Bun.sleep(5)
    client.abort()
    await answer.catch(() => {})
    await stage.ollama.nextAbort()
    await stage.gateway.accounted(1)
    expect(await stage.gateway.usageOf(as)).toMatchObject([{ outcome: 'cancelled' }])
  })
})

describe('a model that is pulled', () => {
  const STEPS = [
    { status: 'pulling manifest' },
    { status: 'pulling 22f7f8ef5f4c', digest: 'sha256:22', total: 9, completed: 3 },
    { status: 'success' },
  ]

  test('tells of its progress as it goes, and is listed when it is there', async () => {
    await using stage = await setStage({ ollama: { registry: ['tiny:latest'] } })
    const as = await stage.gateway.administrator()
    const held = gates(STEPS.length)
    stage.ollama.once('/api/pull', stream(STEPS, { gates: held.map(({ passed }) => passed) }))
    held[0]?.open()
    const reader = readRecords(await stage.post('/ollama/api/pull', { model: 'tiny' }, { as }))
    for (const [i, step] of STEPS.entries()) {
      expect(await reader.next()).toEqual(step)
      held[i + 1]?.open()
    }
    expect(await reader.next()).toBeNull()
    await (await stage.post('/ollama/api/pull', { name: 'tiny' }, { as })).text()
    const { models } = (await (await stage.get('/ollama/api/tags')).json()) as {
      models: { name: string }[]
    }
    expect(models.map(({ name }) => name)).toContain('tiny:latest')
    expect(await stage.gateway.usageOf(as)).toMatchObject([
      { operation: 'pull', outcome: 'completed', prompt_tokens: 0, completion_tokens: 0 },
      { operation: 'pull', outcome: 'completed' },
    ])
  })

  test.each([true, false])(
    'and does not exist ends in an error (streamed: %p)',
    async (streamed) => {
      await using stage = await setStage()
      const as = await stage.gateway.administrator()
      const body = { model: 'nothing', stream: streamed }
      const response = await stage.post('/ollama/api/pull', body, { as })
      expect(response.status).toBe(streamed ? 200 : 500)
      const lines = (await response.text()).trim().split('\n')
      expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
        error: 'pull model manifest: file does not exist',
        code: 'upstream_error',
      })
      expect(await stage.gateway.usageOf(as)).toMatchObject([
        { operation: 'pull', outcome: 'failed', error_code: 'upstream_error' },
      ])
    },
  )

  test('is not, when the one who asked for it leaves', async () => {
    await using stage = await setStage()
    const as = await stage.gateway.administrator()
    stage.ollama.once('/api/pull', [stream(STEPS.slice(0, 1)), hang()])
    const reader = readRecords(await stage.post('/ollama/api/pull', { model: MODEL }, { as }))
    await reader.next()
    await reader.leave()
    expect((await stage.ollama.nextAbort()).path).toBe('/api/pull')
    await stage.gateway.accounted(1)
    expect(await stage.gateway.usageOf(as)).toMatchObject([
      { operation: 'pull', outcome: 'cancelled', estimated: 0 },
    ])
  })
})

test('a model that is deleted or copied is so for the next request', async () => {
  await using stage = await setStage({ ollama: { models: [MODEL, 'old'] } })
  const as = await stage.gateway.administrator()
  const show = async (model: string) => (await stage.post('/ollama/api/show', { model })).status
  expect([await show('old'), await show('new')]).toEqual([200, 404])
  const copy = { source: 'old', destination: 'new' }
  expect((await stage.post('/ollama/api/copy', copy, { as })).status).toBe(200)
  expect((await stage.send('DELETE', '/ollama/api/delete', { name: 'old' }, { as })).status).toBe(
    200,
  )
  expect([await show('old'), await show('new')]).toEqual([404, 200])
})
