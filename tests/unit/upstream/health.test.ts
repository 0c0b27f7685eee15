import { describe, expect, test } from 'bun:test'
import { createHealth } from '../../../app/upstream/health.ts'
import type { OllamaClient } from '../../../app/upstream/ollama.ts'
import { createClock } from '../support/clock.ts'
import { type Answer, createHosts, hanging, listing, refused, reset } from './hosts.ts'

const version =
  (text: unknown): Answer =>
  () =>
    Response.json({ version: text })

interface Host {
  readonly version: Answer
  readonly tags?: Answer
}

/** Hosts that are asked for two things. */
function stage(hosts: Record<string, Host>) {
  const clock = createClock()
  const fakes = createHosts(Object.fromEntries(Object.keys(hosts).map((name) => [name, refused])))
  const asked: string[] = []
  const signals: AbortSignal[] = []
  const client: OllamaClient = {
    async send(backend, { endpoint }, signal) {
      const name = fakes.nameOf(backend)
      asked.push(`${name} ${endpoint}`)
      signals.push(signal)
      const host = hosts[name]
      const answer = endpoint === '/api/version' ? host?.version : (host?.tags ?? listing('a'))
      return await (answer ?? refused)()
    },
  }
  const health = createHealth({ client, backends: fakes.backends, clock })
  return { health, clock, asked, signals }
}

const DOWN = { status: 'down', version: null, models: null, latencyMs: null } as const

describe('the health of hosts', () => {
  test('is told for each, in their order: version, models and how long it took', async () => {
    const { health, clock } = stage({
      gpu1: {
        version: () => {
          clock.advance(12)
          return Response.json({ version: '0.14.2' })
        },
        tags: listing('a', 'b'),
      },
      gpu2: { version: refused },
      gpu3: { version: version('0.13.0'), tags: listing() },
    })
    expect(await health.check()).toEqual([
      { name: 'gpu1:11434', status: 'up', version: '0.14.2', models: 2, latencyMs: 12 },
      { name: 'gpu2:11434', ...DOWN },
      { name: 'gpu3:11434', status: 'up', version: '0.13.0', models: 0, latencyMs: 0 },
    ])
  })

  test.each<[string, Answer]>([
    ['refuses the connection', refused],
    ['breaks it', reset],
    ['answers with an error', () => new Response('no', { status: 500 })],
    ['answers with no JSON', () => new Response('<html>')],
    ['answers with another JSON', () => Response.json(['0.14.2'])],
    ['tells no version', version('')],
    ['tells a version that is no text', version(14)],
    ['answers with nothing', () => new Response('null')],
  ])('is down where one %s', async (_, answer) => {
    expect(await stage({ gpu1: { version: answer } }).health.check()).toEqual([
      { name: 'gpu1:11434', ...DOWN },
    ])
  })

  test.each<[string, Answer]>([
    ['refuses to list its models', () => new Response('{}', { status: 503 })],
    ['lists them in no form that is known', () => Response.json({ models: 3 })],
    ['breaks the connection then', reset],
  ])('is up without a number of models where one %s', async (_, tags) => {
    const { health } = stage({ gpu1: { version: version('1'), tags } })
    expect(await health.check()).toMatchObject([{ status: 'up', models: null }])
  })

  test('waits for no host longer than the signal that each question carries', async () => {
    const { health, signals } = stage({ gpu1: { version: hanging, tags: hanging } })
    void health.check()
    expect(signals).toHaveLength(2)
    expect(new Set(signals).size).toBe(1)
    expect(signals[0]?.aborted).toBe(false)
  })

  test('is asked for once in two seconds, by however many', async () => {
    const { health, clock, asked } = stage({ gpu1: { version: version('1') } })
    const answers = await Promise.all([health.check(), health.check(), health.check()])
    expect(new Set(answers).size).toBe(1)
    clock.advance(1999)
    expect(await health.check()).toBe(answers[0])
    expect(asked.toSorted()).toEqual(['gpu1 /api/tags', 'gpu1 /api/version'])
    clock.advance(1)
    expect(await health.check()).not.toBe(answers[0])
    expect(asked).toHaveLength(4)
  })

  test('is still told to others when one of them goes away', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const slow: Answer = async () => {
      await promise
      return Response.json({ version: '1' })
    }
    const { health, asked } = stage({ gpu1: { version: slow } })
    const leaving = new AbortController()
    const [left, stays] = [health.check(leaving.signal), health.check()]
    leaving.abort(new Error('gone'))
    await expect(left).rejects.toThrow('gone')
    resolve()
    expect(await stays).toMatchObject([{ status: 'up' }])
    expect(asked).toHaveLength(2)
    await expect(health.check(leaving.signal)).rejects.toThrow('gone')
  })
})
