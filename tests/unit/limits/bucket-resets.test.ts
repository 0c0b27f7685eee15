import { describe, expect, test } from 'bun:test'
import { EMPTY } from '../../../app/domain/bucket.ts'
import { NOTHING } from '../../../app/domain/limit.ts'
import { admitted, ask, createWorld } from './bucket-table.ts'
import { AT, limitOf } from './limit-states.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const limit = limitOf({ amount: 10 })
const tokens = limitOf({ unit: 'tokens', amount: 100 })

describe('what an administrator resets', () => {
  test('is empty here too, and stays so after a restart', async () => {
    const world = createWorld()
    const limiter = await world.open()
    expect(await admitted(limiter, limit, 20)).toBe(10)
    await world.second()
    world.reset(limit)
    await limiter.applyResets()
    expect(await admitted(limiter, limit, 4)).toBe(4)
    await world.second()
    expect(await admitted(await world.open(), limit, 20)).toBe(6)
  })

  test('is empty too when it has not been used since the start', async () => {
    const world = createWorld()
    const first = await world.open()
    expect(await admitted(first, limit, 20)).toBe(10)
    await first.close()
    const second = await world.open()
    world.reset(limit)
    await second.applyResets()
    await world.second()
    expect(world.rows.size).toBe(0)
    expect(await admitted(second, limit, 20)).toBe(10)
  })

  test('is emptied once for each time, whichever clock it was done by', async () => {
    const world = createWorld()
    const limiter = await world.open()
    for (const at of [AT - DAY_MS, AT + DAY_MS, AT + DAY_MS + 1]) {
      expect(await admitted(limiter, limit, 20)).toBe(10)
      await world.second()
      world.reset(limit, at)
      await limiter.applyResets()
      expect(await admitted(limiter, limit, 6)).toBe(6)
      await world.second()
      await limiter.applyResets()
      expect(await admitted(limiter, limit, 20)).toBe(4)
      await world.second()
      expect(await admitted(await world.open(), limit, 20)).toBe(0)
      world.clock.advance(HOUR_MS)
    }
  })

  test('leaves to running requests what they hold', async () => {
    const world = createWorld()
    const limiter = await world.open()
    const running = await ask(limiter, tokens, 70)
    world.reset(tokens)
    await limiter.applyResets()
    expect(await ask(limiter, tokens, 31)).toBeNull()
    if (running) limiter.settle(running, { ...NOTHING, tokens: 10 })
    expect(await ask(limiter, tokens, 90)).not.toBeNull()
    expect(await ask(limiter, tokens, 1)).toBeNull()
  })

  test('is found each second when it could not be read at once', async () => {
    const world = createWorld()
    const limiter = await world.open()
    expect(await admitted(limiter, limit, 20)).toBe(10)
    await world.second()
    world.reset(limit)
    world.state.fails = true
    await limiter.applyResets()
    await world.second()
    expect(world.state.reads).toBe(2)
    expect(await ask(limiter, limit)).toBeNull()
    world.state.fails = false
    await world.second()
    expect(await admitted(limiter, limit, 20)).toBe(10)
    await world.second()
    expect(world.state.reads).toBe(3)
    expect(world.log.entries.map(({ level }) => level)).toEqual(['error', 'info'])
  })

  test('is not undone by a save that was under way', async () => {
    const world = createWorld()
    const limiter = await world.open()
    expect(await admitted(limiter, limit, 20)).toBe(10)
    const slow = Promise.withResolvers<void>()
    world.state.answer = slow.promise
    const second = world.second()
    world.reset(limit)
    slow.resolve()
    await second
    expect(world.bucket(limit)).toEqual(EMPTY)
    await limiter.applyResets()
    expect(await admitted(limiter, limit, 20)).toBe(10)
  })

  test('is emptied once when its row was just about to go', async () => {
    const world = createWorld()
    const limiter = await world.open()
    expect(await ask(limiter, limit)).not.toBeNull()
    await world.second()
    world.clock.advance(HOUR_MS)
    expect(await admitted(limiter, limitOf({ model: 'llama3:8b' }), 3)).toBe(3)

    const slow = Promise.withResolvers<void>()
    world.state.answer = slow.promise
    await world.second()
    world.state.answer = Promise.resolve()
    world.reset(limit)
    await limiter.applyResets()
    expect(await admitted(limiter, limit, 10)).toBe(10)
    slow.resolve()
    await world.second()
    await limiter.applyResets()
    expect(await ask(limiter, limit)).toBeNull()
  })
})
