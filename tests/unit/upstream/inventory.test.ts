import { describe, expect, test } from 'bun:test'
import { createInventory } from '../../../app/upstream/inventory.ts'
import { settled } from '../support/byte-stream.ts'
import { createClock } from '../support/clock.ts'
import { type Answer, createHosts, listing, refused, reset } from './hosts.ts'

function setUp(answer: Answer) {
  const hosts = createHosts({ gpu: answer })
  const clock = createClock()
  const inventory = createInventory({ client: hosts.client, clock })
  const gpu = hosts.host('gpu')
  return {
    ...hosts,
    clock,
    names: async () => [...(await inventory.models(gpu)).keys()],
    find: async (name: string) => (await inventory.find(gpu, name))?.entry.name,
    recall: (name: string) => inventory.recall(gpu, name)?.entry.name,
    forget: () => inventory.forget(gpu),
    answer: (next: Answer) => {
      hosts.answers.gpu = next
    },
  }
}

describe('the models of a host', () => {
  test('are known by their canonical name, in its own spelling', async () => {
    const { names, find } = setUp(listing('LLama3:latest', 'hf.co/A/B:Q4', 'not a name'))
    expect(await names()).toEqual(['llama3:latest', 'hf.co/a/b:q4'])
    expect(await find('llama3:latest')).toBe('LLama3:latest')
  })

  test('are told apart by whether they run there or in the cloud', async () => {
    const hosts = createHosts({
      gpu: () =>
        Response.json({
          models: [
            { name: 'a' },
            { name: 'b:cloud' },
            { name: 'c', remote_host: 'https://ollama.com' },
          ],
        }),
    })
    const inventory = createInventory({ client: hosts.client, clock: createClock() })
    const models = [...(await inventory.models(hosts.host('gpu'))).values()]
    expect(models.map(({ canonical, cloud }) => [canonical, cloud])).toEqual([
      ['a:latest', false],
      ['b:cloud', true],
      ['c:latest', true],
    ])
  })

  test('are asked for once, however many want to know', async () => {
    const { names, find, asked } = setUp(listing('a'))
    await Promise.all([names(), names(), find('a:latest'), find('a:latest')])
    expect(asked).toEqual(['gpu /api/tags'])
  })

  test('are believed for five seconds, then asked for again', async () => {
    const { names, asked, clock, answer } = setUp(listing('a'))
    await names()
    clock.advance(5000)
    await names()
    expect(asked).toHaveLength(1)
    clock.advance(1)
    answer(listing('b'))
    await names()
    await settled()
    expect(asked).toHaveLength(2)
    expect(await names()).toEqual(['b:latest'])
  })

  test('are not believed when they were read an hour ago', async () => {
    const { names, clock, answer } = setUp(listing('a'))
    await names()
    clock.advance(3_600_000)
    answer(listing('b'))
    expect(await names()).toEqual(['b:latest'])
  })

  test('are not told from memory for ever when the host is gone', async () => {
    const { names, clock, answer } = setUp(listing('a'))
    await names()
    answer(refused)
    for (let minute = 0; minute < 10; minute++) {
      clock.advance(60_000)
      await names().catch(() => [])
      await settled()
    }
    await expect(names()).rejects.toMatchObject({ code: 'upstream_unreachable' })
  })
})

describe('a model that is not in the list', () => {
  test('is looked for again before it is said not to be there', async () => {
    const { find, asked, clock, answer } = setUp(listing('a'))
    await find('a:latest')
    clock.advance(500)
    answer(listing('a', 'b'))
    expect(await find('b:latest')).toBe('b')
    expect(asked).toHaveLength(2)
  })

  test('makes the host be asked twice a second at most', async () => {
    const { find, asked, clock } = setUp(listing('a'))
    for (let i = 0; i < 100; i++) {
      expect(await find('b:latest')).toBeUndefined()
      clock.advance(10)
    }
    expect(asked.length).toBeLessThanOrEqual(3)
  })
})

test('what is remembered of a host is told without asking it, for half a minute', async () => {
  const { names, recall, asked, clock, answer } = setUp(listing('a'))
  expect(recall('a:latest')).toBeUndefined()
  await names()
  answer(refused)
  expect([recall('a:latest'), recall('b:latest')]).toEqual(['a', undefined])
  expect(asked).toHaveLength(1)
  clock.advance(30_000)
  expect(recall('a:latest')).toBe('a')
  clock.advance(1)
  expect(recall('a:latest')).toBeUndefined()
})

describe('after forget, because a model was added or removed', () => {
  test('the host is asked again', async () => {
    const { names, forget, answer } = setUp(listing('a'))
    await names()
    answer(listing('b'))
    forget()
    expect(await names()).toEqual(['b:latest'])
  })

  test('an answer that was on its way does not count', async () => {
    const gate = Promise.withResolvers<Response>()
    const { names, find, forget, answer } = setUp(() => gate.promise)
    const before = names()
    await settled()
    answer(listing('a', 'new'))
    forget()
    const found = find('new:latest')
    gate.resolve(await listing('a')())
    await before
    expect(await found).toBe('new')
  })
})

describe('a host that cannot be asked', () => {
  test.each<[string, Answer]>([
    ['is not reachable', refused],
    ['breaks the connection', reset],
    ['answers with an error', () => Response.json({ error: 'x' }, { status: 500 })],
    ['answers with something else', () => new Response('<html>')],
    ['answers without a list', () => Response.json({ models: null })],
  ])('is an error for the caller when it %s', async (_, answer) => {
    const { names } = setUp(answer)
    await expect(names()).rejects.toHaveProperty('name', 'GatewayError')
  })

  test('is not asked again for two seconds: nobody has to wait for it each time', async () => {
    const { names, find, asked, clock, answer } = setUp(refused)
    for (let i = 0; i < 5; i++) {
      await expect(names()).rejects.toThrow('not reachable')
      await expect(find('a:latest')).rejects.toThrow('not reachable')
    }
    clock.advance(1999)
    await expect(names()).rejects.toThrow('not reachable')
    expect(asked).toHaveLength(1)
    clock.advance(1)
    answer(listing('a'))
    expect(await names()).toEqual(['a:latest'])
  })

  test('is asked at once when its models are known to have changed', async () => {
    const { names, forget, answer } = setUp(refused)
    await expect(names()).rejects.toThrow('not reachable')
    answer(listing('a'))
    forget()
    expect(await names()).toEqual(['a:latest'])
  })
})
