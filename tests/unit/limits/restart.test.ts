import { describe, expect, test } from 'bun:test'
import { type Limit, NOTHING, shapeOf } from '../../../app/domain/limit.ts'
import { admitted, ask, createWorld } from './bucket-table.ts'
import { limitOf } from './limit-states.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const limit = limitOf({ amount: 10 })
const tokens = limitOf({ unit: 'tokens', amount: 100 })
const of = (holder: string, one: Limit = limit): Limit => ({ ...one, holder })

describe('a restart', () => {
  test('grants no fresh budget', async () => {
    const world = createWorld()
    const first = await world.open()
    expect(await admitted(first, limit, 8)).toBe(8)
    await first.close()
    expect(await admitted(await world.open(), limit, 8)).toBe(2)
  })

  test('loses the charges of the last second and no more when there was no time to close', async () => {
    const world = createWorld()
    const first = await world.open()
    expect(await admitted(first, limit, 8)).toBe(8)
    await world.second()
    expect(await ask(first, limit)).not.toBeNull()
    expect(await admitted(await world.open(), limit, 8)).toBe(2)
  })

  test('gives back what time has paid off, to the millisecond', async () => {
    const world = createWorld()
    const first = await world.open()
    expect(await admitted(first, limit, 10)).toBe(10)
    await first.close()
    const second = await world.open()
    world.clock.advance(HOUR_MS / 10 - 1)
    expect(await ask(second, limit)).toBeNull()
    world.clock.advance(1)
    expect(await admitted(second, limit, 2)).toBe(1)
  })

  test('forgets what running requests held, here and in the table', async () => {
    const world = createWorld()
    const first = await world.open()
    expect(await ask(first, tokens, 60)).not.toBeNull()
    await first.close()
    expect(world.bucket(tokens)?.held).toBe(60)
    const second = await world.open()
    expect(await ask(second, tokens, 100)).not.toBeNull()
    await world.second()
    expect(world.bucket(tokens)?.held).toBe(100)

    const third = await world.open()
    await world.second()
    expect(world.bucket(tokens)).toBeNull()
    expect(await ask(third, tokens, 101)).toBeNull()
  })

  test('keeps what was used when something is still held', async () => {
    const world = createWorld()
    const first = await world.open()
    const done = await ask(first, tokens, 60)
    if (done) first.settle(done, { ...NOTHING, tokens: 50 })
    expect(await ask(first, tokens, 20)).not.toBeNull()
    await first.close()
    await world.open()
    await world.second()
    const { ticks } = shapeOf(tokens)
    expect(world.bucket(tokens)).toMatchObject({ debt: 50 * ticks, held: 0 })
  })

  test('takes a bucket for empty that nobody has used for a week', async () => {
    const world = createWorld()
    const heavy = limitOf({ unit: 'tokens', window: 'day', amount: 1 })
    const first = await world.open()
    for (const holder of ['user:old', 'user:new']) {
      const done = await ask(first, of(holder, heavy))
      if (done) first.settle(done, { ...NOTHING, tokens: 1000 })
      if (holder === 'user:new') continue
      await world.second()
      world.clock.advance(7 * DAY_MS)
    }
    await first.close()
    world.clock.advance(DAY_MS)
    const second = await world.open()
    await world.second()
    expect([...world.rows.keys()]).toEqual([`user:new ${heavy.bucket}`])
    expect(await ask(second, of('user:old', heavy))).not.toBeNull()
    expect(await ask(second, of('user:new', heavy))).toBeNull()
  })

  test('after the clock was ahead does not keep a bucket full until then', async () => {
    const world = createWorld()
    world.clock.advance(300 * DAY_MS)
    const first = await world.open()
    expect(await admitted(first, limit, 20)).toBe(10)
    await first.close()
    world.clock.advance(-300 * DAY_MS)
    const second = await world.open()
    expect(await ask(second, limit)).toBeNull()
    world.clock.advance(HOUR_MS / 2)
    expect(await admitted(second, limit, 20)).toBe(5)
    await second.close()
    expect(world.bucket(limit)?.tick).toBe(world.clock.now() / shapeOf(limit).tickMs)
    expect(await admitted(await world.open(), limit, 20)).toBe(0)
  })

  test('is refused when there is nothing to read from', async () => {
    const world = createWorld()
    world.state.fails = true
    await expect(world.open()).rejects.toThrow('connection refused')
  })
})
