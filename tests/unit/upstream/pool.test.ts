import { describe, expect, test } from 'bun:test'
import { parseModelName } from '../../../app/domain/model-name.ts'
import { createInventory } from '../../../app/upstream/inventory.ts'
import { createPool } from '../../../app/upstream/pool.ts'
import { createClock } from '../support/clock.ts'
import { type Answer, createHosts, hanging, listing, refused, reset } from './hosts.ts'

const OK: Answer = () => new Response('{}')
const REQUEST = { method: 'POST', endpoint: '/api/chat', body: '{}' } as const
const name = (text: string) => parseModelName(text) ?? { canonical: text, cloud: false }

function setUp(answers: Record<string, Answer>) {
  const hosts = createHosts(answers)
  const clock = createClock()
  const { client, backends, nameOf } = hosts
  const pool = createPool({
    backends,
    client,
    clock,
    inventory: createInventory({ client, clock }),
  })
  const tried: string[] = []
  const send = async (signal = new AbortController().signal) => {
    const answer = await pool.send(backends, REQUEST, signal, (host) => tried.push(nameOf(host)))
    return nameOf(answer.backend)
  }
  const load = () => Object.fromEntries(backends.map((host) => [nameOf(host), host.inFlight]))
  return { ...hosts, pool, clock, send, tried, load }
}

describe('sending', () => {
  test('goes to the least busy host, and counts until the caller says it is over', async () => {
    const { pool, send, load, host } = setUp({ a: OK, b: OK, c: OK })
    expect([await send(), await send(), await send(), await send()]).toEqual(['a', 'b', 'c', 'a'])
    expect(load()).toEqual({ a: 2, b: 1, c: 1 })
    pool.release(host('b'))
    expect(await send()).toBe('b')
    pool.release(host('b'))
    expect(load()).toEqual({ a: 2, b: 0, c: 1 })
  })

  test('goes to the next host when one refuses, which frees it and is remembered for 2 s', async () => {
    const { send, tried, load, clock, answers } = setUp({ a: refused, b: OK })
    expect(await send()).toBe('b')
    expect(tried).toEqual(['a', 'b'])
    expect(load()).toEqual({ a: 0, b: 1 })
    await send()
    expect(tried).toEqual(['a', 'b', 'b'])
    clock.advance(2000)
    answers.a = OK
    expect(await send()).toBe('a')
  })

  test('goes to a host that was down when there is no other', async () => {
    const { send, answers } = setUp({ a: refused })
    await expect(send()).rejects.toThrow('not reachable')
    answers.a = OK
    expect(await send()).toBe('a')
  })

  test('is not repeated when the request may have arrived', async () => {
    const { send, tried, load } = setUp({ a: reset, b: OK })
    await expect(send()).rejects.toMatchObject({ code: 'upstream_error' })
    expect(tried).toEqual(['a'])
    expect(load()).toEqual({ a: 0, b: 0 })
  })

  test('is not repeated when the caller has gone', async () => {
    const controller = new AbortController()
    const leaving: Answer = () => {
      controller.abort()
      return refused()
    }
    const { send, tried } = setUp({ a: leaving, b: OK })
    await expect(send(controller.signal)).rejects.toThrow('not reachable')
    expect(tried).toEqual(['a'])
  })

  test('fails when no host can be reached, or there is none', async () => {
    const { send, tried, load, pool } = setUp({ a: refused, b: refused })
    await expect(send()).rejects.toMatchObject({ code: 'upstream_unreachable', status: 502 })
    expect(tried).toEqual(['a', 'b'])
    expect(load()).toEqual({ a: 0, b: 0 })
    const { signal } = new AbortController()
    await expect(pool.send([], REQUEST, signal, () => {})).rejects.toThrow('not reachable')
  })

  test('an error status is an answer', async () => {
    const { send } = setUp({ a: () => new Response('busy', { status: 503 }), b: OK })
    expect(await send()).toBe('a')
  })
})

describe('a model', () => {
  const located = async (answers: Record<string, Answer>, model: string) => {
    const { pool, nameOf } = setUp(answers)
    const found = await pool.locate(name(model))
    return found && [found.model.entry.name, ...found.backends.map(nameOf)]
  }

  test('is on the hosts that list it, in the spelling of the first', async () => {
    const answers = { a: listing('x'), b: listing('Y:latest'), c: listing('y', 'x') }
    expect(await located(answers, 'y')).toEqual(['Y:latest', 'b', 'c'])
    expect(await located(answers, 'X:latest')).toEqual(['x', 'a', 'c'])
  })

  test('is nowhere when no host that can be reached lists it', async () => {
    expect(await located({ a: listing('x'), b: listing() }, 'y')).toBeNull()
    expect(await located({ a: listing('x'), b: refused }, 'y')).toBeNull()
  })

  test('is found though another host is down', async () => {
    expect(await located({ a: refused, b: listing('y') }, 'y')).toEqual(['y', 'b'])
  })

  test('is found soon though another host hangs', async () => {
    const found = located({ a: hanging, b: listing('y') }, 'y')
    const late = Bun.sleep(300).then(() => 'still waiting')
    const outcome = await Promise.race([found, late])
    expect(outcome).toEqual(['y', 'b'])
  })

  test('that is remembered is found without asking anybody', async () => {
    const { pool, asked, answers } = setUp({ a: listing('x'), b: listing('x') })
    await pool.locate(name('x'))
    answers.b = hanging
    for (let i = 0; i < 10; i++) expect((await pool.locate(name('X')))?.backends).toHaveLength(2)
    expect(asked).toEqual(['a /api/tags', 'b /api/tags'])
  })

  test('cannot be looked for when no host can be reached', async () => {
    const { pool } = setUp({ a: refused, b: refused })
    await expect(pool.locate(name('y'))).rejects.toMatchObject({ code: 'upstream_unreachable' })
  })

  test('in the cloud is anywhere, even where nobody lists it', async () => {
    expect(await located({ a: listing(), b: listing('x') }, 'y:cloud')).toEqual([
      'y:cloud',
      'a',
      'b',
    ])
    expect(await located({ a: listing(), b: listing('y:cloud') }, 'y:cloud')).toEqual([
      'y:cloud',
      'b',
    ])
  })
})

describe('all hosts together', () => {
  test('have each model once, in their order, as the first of them spells it', async () => {
    const { pool } = setUp({ a: listing('x', 'Y'), b: refused, c: listing('y', 'z') })
    expect((await pool.installed()).map(({ entry }) => entry.name)).toEqual(['x', 'Y', 'z'])
  })

  test('are asked the same question; those that answer count', async () => {
    const { pool, asked } = setUp({
      a: () => Response.json({ version: '1' }),
      b: () => Response.json({ error: 'x' }, { status: 500 }),
      c: refused,
    })
    const { signal } = new AbortController()
    const request = { method: 'GET', endpoint: '/api/version' } as const
    expect(await pool.ask<object>(request, signal)).toEqual([{ version: '1' }])
    expect(asked).toEqual(['a /api/version', 'b /api/version', 'c /api/version'])
  })

  test('fail when none of them answers', async () => {
    const { pool } = setUp({ a: () => new Response('', { status: 500 }), b: refused })
    const { signal } = new AbortController()
    const request = { method: 'GET', endpoint: '/api/ps' } as const
    await expect(pool.ask(request, signal)).rejects.toHaveProperty('name', 'GatewayError')
    await expect(pool.installed()).rejects.toHaveProperty('name', 'GatewayError')
  })

  test('are asked for their models again after a change', async () => {
    const { pool, answers, host } = setUp({ a: listing('x') })
    await pool.installed()
    answers.a = listing('x', 'y')
    pool.changed(host('a'))
    expect(await pool.installed()).toHaveLength(2)
  })
})
