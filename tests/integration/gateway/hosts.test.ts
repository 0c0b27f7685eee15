import { describe, expect, test } from 'bun:test'
import { EventQueue } from '../../support/fake-ollama/event-queue.ts'
import { hang } from '../../support/fake-ollama/script.ts'
import {
  type FakeOllama,
  type FakeOllamaOptions,
  startFakeOllama,
} from '../../support/fake-ollama.ts'
import type { TestUser } from '../../support/gateway/people.ts'
import { CHAT, MODEL } from '../../support/gateway/stage.ts'
import { startGateway, type TestGateway } from '../../support/gateway.ts'

/** How soon a caller learns that no host can be reached. */
const REFUSED_WITHIN_MS = 2000

/** How soon a host that is up again gets requests. */
const BACK_WITHIN_MS = 3000

interface Cluster extends AsyncDisposable {
  readonly hosts: readonly [FakeOllama, FakeOllama]
  readonly gateway: TestGateway
  readonly user: TestUser
  ask(path: string, body?: object, signal?: AbortSignal): Promise<Response>
}

async function setCluster(...options: [FakeOllamaOptions, FakeOllamaOptions]): Promise<Cluster> {
  const hosts = [
    await startFakeOllama({ numParallel: 8, ...options[0] }),
    await startFakeOllama({ numParallel: 8, ...options[1] }),
  ] as const
  const gateway = await startGateway({ ollama: hosts })
  const user = await gateway.user()
  return {
    hosts,
    gateway,
    user,
    ask: (path, body, signal) =>
      fetch(`${gateway.url}/ollama${path}`, {
        headers: { authorization: `Bearer ${user.key}`, 'content-type': 'application/json' },
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
        ...(signal && { signal }),
      }),
    async [Symbol.asyncDispose]() {
      await gateway.stop()
      for (const host of hosts) await host.stop()
    },
  }
}

const chats = ({ hosts }: Cluster) => hosts.map((host) => host.calls('/api/chat').length)
const nameOf = (host: FakeOllama) => `127.0.0.1:${host.port}`
const SHORT = { ...CHAT, stream: false }

describe('with several hosts', () => {
  test('a request goes to the one that has the model', async () => {
    await using cluster = await setCluster({ models: ['one'] }, { models: ['two'] })
    for (const model of ['one', 'two', 'two']) {
      expect((await cluster.ask('/api/chat', { ...SHORT, model })).status).toBe(200)
    }
    expect(chats(cluster)).toEqual([1, 2])
    const rows = await cluster.gateway.usageOf(cluster.user)
    const [first, second] = cluster.hosts.map(nameOf)
    expect(rows.map(({ backend }) => backend)).toEqual([first, second, second].map(String))
    expect((await cluster.ask('/api/chat', { ...SHORT, model: 'three' })).status).toBe(404)
  })

  test('the lists are one list, each model once', async () => {
    await using cluster = await setCluster({ models: ['one', 'both'] }, { models: ['both', 'two'] })
    const { models } = (await (await cluster.ask('/api/tags')).json()) as {
      models: { name: string }[]
    }
    const names = models.map(({ name }) => name).sort()
    expect(names).toEqual(['both:latest', 'one:latest', 'two:latest'])
    await cluster.ask('/api/chat', { ...SHORT, model: 'one' })
    await cluster.ask('/api/chat', { ...SHORT, model: 'two' })
    const loaded = (await (await cluster.ask('/api/ps')).json()) as { models: unknown[] }
    expect(loaded.models).toHaveLength(2)
  })

  test('the least busy one gets the next request', async () => {
    await using cluster = await setCluster({}, {})
    const arrivals = new EventQueue<void>()
    for (const host of cluster.hosts) host.on('/api/chat', [() => arrivals.push(), hang()])
    const clients = Array.from({ length: 6 }, () => new AbortController())
    for (const { signal } of clients) {
      cluster.ask('/api/chat', CHAT, signal).catch(() => {})
      await arrivals.next()
    }
    expect(chats(cluster)).toEqual([3, 3])
    for (const client of clients) client.abort()
    await cluster.gateway.accounted(6)
  })

  test('one that is down is passed over, without the caller noticing', async () => {
    await using cluster = await setCluster({}, {})
    expect((await cluster.ask('/api/chat', SHORT)).status).toBe(200)
    await cluster.hosts[0].stop()
    for (let i = 0; i < 4; i++) expect((await cluster.ask('/api/chat', SHORT)).status).toBe(200)
    for (const path of ['/api/tags', '/api/ps', '/api/version']) {
      expect((await cluster.ask(path)).status).toBe(200)
    }
    const rows = await cluster.gateway.usageOf(cluster.user)
    expect(rows.map(({ outcome }) => outcome)).toEqual(Array(8).fill('completed'))
    expect(rows.at(4)?.backend).toBe(nameOf(cluster.hosts[1]))
  })

  test('the version is that of the oldest', async () => {
    await using cluster = await setCluster({ version: '0.32.15' }, { version: '0.32.9' })
    expect(await (await cluster.ask('/api/version')).json()).toEqual({ version: '0.32.9' })
  })

  test('none that is up means 502 at once, with words, for every operation', async () => {
    await using cluster = await setCluster({}, {})
    expect((await cluster.ask('/api/chat', SHORT)).status).toBe(200)
    for (const host of cluster.hosts) await host.stop()
    const began = performance.now()
    const requests: [string, object?][] = [
      ['/api/chat', CHAT],
      ['/api/chat', SHORT],
      ['/api/embed', { model: MODEL, input: 'a' }],
      ['/api/show', { model: MODEL }],
      ['/api/ps'],
      ['/api/version'],
    ]
    for (const [path, body] of requests) {
      const response = await cluster.ask(path, body)
      expect([path, response.status]).toEqual([path, 502])
      expect(response.headers.get('retry-after')).toBe('5')
      expect(await response.json()).toMatchObject({
        code: 'upstream_unreachable',
        error: 'Ollama is not reachable; try again later',
      })
    }
    expect(performance.now() - began).toBeLessThan(REFUSED_WITHIN_MS)
    const rows = await cluster.gateway.usageOf(cluster.user)
    expect(rows.slice(1)).toHaveLength(requests.length)
    for (const row of rows.slice(1)) {
      expect(row).toMatchObject({ outcome: 'failed', status: 502, prompt_tokens: 0 })
    }
  })

  test('one that comes back is used again, after the pause that it is given', async () => {
    await using cluster = await setCluster({ models: ['one'] }, { models: ['two'] })
    const [one] = cluster.hosts
    const ask = async () => (await cluster.ask('/api/chat', { ...SHORT, model: 'one' })).status
    await one.stop()
    expect(await ask()).toBe(404)
    const again = await startFakeOllama({ models: ['one'], port: one.port })
    try {
      const deadline = Date.now() + BACK_WITHIN_MS
      while ((await ask()) !== 200 && Date.now() < deadline) await Bun.sleep(50)
      expect(await ask()).toBe(200)
    } finally {
      await again.stop()
    }
  })
})
