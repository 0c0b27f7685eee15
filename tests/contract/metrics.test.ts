import { afterAll, expect, test } from 'bun:test'
import packageJson from '../../package.json' with { type: 'json' }
import { TESTER } from '../support/builders.ts'
import { setStage } from '../support/gateway/stage.ts'

const stage = await setStage()
const { gateway } = stage
afterAll(() => stage[Symbol.asyncDispose]())

const prometheus = await gateway.user({
  roles: [await gateway.role({ permissions: ['metrics:read'] })],
})

test('/metrics is for keys with metrics:read, and an administrator has that', async () => {
  for (const as of [prometheus, await gateway.administrator()]) {
    const response = await stage.get('/metrics', { as })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const text = await response.text()
    expect(text).toContain(`parallama_build_info{version="${packageJson.version}"} 1\n`)
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m)
  }
})

test('/metrics says nothing to strangers and to users', async () => {
  const revoked = await gateway.administrator()
  await gateway.admin.keys.revoke(TESTER, revoked.keyId)
  for (const [as, status, code] of [
    [null, 401, 'unauthorized'],
    [revoked, 401, 'unauthorized'],
    [stage.user, 403, 'forbidden'],
  ] as const) {
    const response = await stage.get('/metrics', { as })
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ code, status })
  }
})

test('reading /metrics is no use of Ollama: it leaves no row', async () => {
  await stage.get('/metrics', { as: prometheus })
  expect(await gateway.usageOf(prometheus)).toEqual([])
  expect(stage.asked()).toEqual([])
})
