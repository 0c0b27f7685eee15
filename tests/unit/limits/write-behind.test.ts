import { describe, expect, test } from 'bun:test'
import { type Limit, NOTHING, shapeOf } from '../../../app/domain/limit.ts'
import { admitted, ask, createWorld } from './bucket-table.ts'
import { limitOf } from './limit-states.ts'

const HOUR_MS = 3_600_000

const limit = limitOf({ amount: 10 })
const of = (holder: string, one: Limit = limit): Limit => ({ ...one, holder })

describe('writing down', () => {
  test('a thousand changes takes one save in a second, of each bucket once', async () => {
    const world = createWorld()
    const limiter = await world.open()
    for (let i = 0; i < 1000; i++) {
      await ask(limiter, of(`user:${i % 7}`, limitOf({ amount: 1000 })))
    }
    expect(world.state.saves).toEqual([])
    await world.second()
    expect(world.state.saves).toEqual([7])
    await world.second()
    expect(world.state.saves).toEqual([7])
  })

  test('goes on one save at a time when the database is slow', async () => {
    const world = createWorld()
    const limiter = await world.open()
    const slow = Promise.withResolvers<void>()
    world.state.answer = slow.promise
    for (let i = 0; i < 4; i++) {
      await ask(limiter, limit)
      await world.second()
    }
    expect(world.state.saves).toEqual([1])
    world.state.answer = Promise.resolve()
    slow.resolve()
    await world.second()
    await world.second()
    expect(world.state.saves).toEqual([1, 1])
    expect(world.bucket(limit)?.debt).toBeGreaterThan(3 * shapeOf(limit).ticks)
  })

  test('loses nothing while the database fails, and says so once', async () => {
    const world = createWorld()
    const limiter = await world.open()
    world.state.fails = true
    for (let i = 0; i < 9; i++) {
      expect(await ask(limiter, limit)).not.toBeNull()
      await world.second()
    }
    expect(world.state.saves).toHaveLength(9)
    expect(world.rows.size).toBe(0)
    expect(world.log.entries.map(({ level }) => level)).toEqual(['error'])
    world.state.fails = false
    await world.second()
    expect(await admitted(await world.open(), limit, 9)).toBe(1)
    expect(world.log.entries.map(({ level }) => level)).toEqual(['error', 'info'])
    world.state.fails = true
    await ask(limiter, of('user:2'))
    await limiter.close()
    expect(world.log.entries.slice(2).map(({ message }) => message)).toEqual([
      'the use of limits could not be stored; trying again',
      'use of limits not stored',
    ])
  })

  test('ends with the limiter', async () => {
    const world = createWorld()
    const limiter = await world.open()
    await ask(limiter, limit)
    await limiter.close()
    expect(world.state.saves).toEqual([1])
    await ask(limiter, limit)
    await world.second()
    expect(world.state.saves).toEqual([1])
  })

  test('removes the rows of buckets that have drained', async () => {
    const world = createWorld()
    const limiter = await world.open()
    for (let i = 0; i < 50; i++) await ask(limiter, of(`user:${i}`))
    await world.second()
    expect(world.rows.size).toBe(50)
    world.clock.advance(HOUR_MS)
    for (let i = 0; i < 50; i++) await ask(limiter, of(`user:new-${i % 5}`))
    await world.second()
    expect([...world.rows.keys()].filter((name) => !name.includes('new'))).toEqual([])
    expect(world.rows.size).toBe(5)
  })

  test('keeps nothing of buckets that came and went while the database failed', async () => {
    const world = createWorld()
    const limiter = await world.open()
    world.state.fails = true
    for (let i = 0; i < 3000; i++) {
      const done = await ask(limiter, of(`user:${i}`))
      if (done) limiter.settle(done, NOTHING)
    }
    world.state.fails = false
    await world.second()
    expect(world.state.saves.at(-1)).toBeLessThan(10)
    expect(world.state.removals).toEqual([])
    expect(world.bucket(of('user:0'))).toBeNull()
  })
})
