import { beforeEach, describe, expect, test } from 'bun:test'
import { RedisGoneError, type RedisLink } from '../../../app/limits/redis-link.ts'
import { BEATS_KEY, STORE_KEY } from '../../../app/limits/redis-scripts.ts'
import { createReplicas } from '../../../app/limits/replicas.ts'

let alive: Set<string>
let store: string | null
let beats: number
let wiped: number
let isGone: boolean
let ids: number

const link: RedisLink = {
  async run(_, __, [id = '']) {
    if (isGone) throw new RedisGoneError('gone')
    alive.add(id)
    return [++beats, [...alive]]
  },
  async send([command, key, value, condition]) {
    if (isGone) throw new RedisGoneError('gone')
    if (command === 'SCAN') return ['0', ['parallama:{user:1}']]
    if (command === 'UNLINK') wiped++
    if (command === 'SET' && key === BEATS_KEY) beats = Number(value)
    if (command === 'SET' && key === STORE_KEY && !(condition === 'NX' && store))
      store = value ?? null
    if (command === 'ZREM') alive.delete(value ?? '')
    return command === 'GET' ? store : null
  },
  close() {},
}
const replica = (id: string) => createReplicas({ link, id, newId: () => `${ids++}` })
const empty = (): void => {
  alive = new Set()
  store = null
  beats = 0
}

beforeEach(() => {
  empty()
  isGone = false
  ids = 0
  wiped = 0
})

describe('a replica', () => {
  test('learns of the others that are alive', async () => {
    const [a, b] = [replica('a'), replica('b')]
    expect((await a.announce()).place).toEqual({ rank: 0, count: 1 })
    expect((await b.announce()).place).toEqual({ rank: 1, count: 2 })
    expect((await a.announce()).place).toEqual({ rank: 0, count: 2 })
  })

  test('does not believe that it is alone because Redis has forgotten the others', async () => {
    const [a, b] = [replica('a'), replica('b')]
    await b.announce()
    await a.announce()
    empty()
    expect((await a.announce()).place).toEqual({ rank: 0, count: 2 })
  })

  test('counts one as gone that has been missing for twenty times', async () => {
    const [a, b] = [replica('a'), replica('b')]
    await b.announce()
    await a.announce()
    await b.leave()
    for (let i = 0; i < 20; i++) expect((await a.announce()).place.count).toBe(2)
    expect((await a.announce()).place).toEqual({ rank: 0, count: 1 })
  })

  test('is told once that Redis has lost everything, each time that it has', async () => {
    const [a, b] = [replica('a'), replica('b')]
    const isEmptied = async (): Promise<boolean[]> => [
      (await a.announce()).isEmptied,
      (await b.announce()).isEmptied,
    ]
    expect(await isEmptied()).toEqual([false, false])
    expect(await isEmptied()).toEqual([false, false])
    for (let i = 0; i < 2; i++) {
      empty()
      expect(await isEmptied()).toEqual([true, true])
      expect(await isEmptied()).toEqual([false, false])
    }
  })

  test('goes without a word when Redis is gone', async () => {
    const a = replica('a')
    await a.announce()
    isGone = true
    await expect(a.announce()).rejects.toThrow(RedisGoneError)
    await a.leave()
  })

  test('does not trust a Redis that has come back with old data, and nobody else starts anew again', async () => {
    const [a, b] = [replica('a'), replica('b')]
    await a.announce()
    await b.announce()
    const then = beats
    for (let i = 0; i < 5; i++) await a.announce()
    await b.announce()
    beats = then
    expect([(await a.announce()).isEmptied, wiped]).toEqual([true, 1])
    expect([(await b.announce()).isEmptied, wiped]).toEqual([true, 1])
    for (const one of [a, b, a, b]) expect((await one.announce()).isEmptied).toBe(false)
  })
})
