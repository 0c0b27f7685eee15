import { afterEach, beforeEach, expect, test } from 'bun:test'
import { type Limit, NOTHING, shapeOf } from '../../../app/domain/limit.ts'
import { openPersistentLimiter } from '../../../app/limits/persistent-limiter.ts'
import type { MemoryStoreNeeds } from '../../../app/limits/write-behind.ts'
import { openDatabase } from '../../../db/client.ts'
import {
  deleteBuckets,
  listBuckets,
  listResets,
  resetBuckets,
  upsertBuckets,
} from '../../../db/queries/limit-buckets.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { admitted, ask } from '../../unit/limits/bucket-table.ts'
import { AT, limitOf } from '../../unit/limits/limit-states.ts'
import { createClock } from '../../unit/support/clock.ts'
import { memoryLog } from '../../unit/support/memory-log.ts'

const HOUR_MS = 3_600_000

const limit = limitOf({ amount: 10 })
const tokens = limitOf({ unit: 'tokens', amount: 1000 })
const of = (holder: string, one: Limit = limit): Limit => ({ ...one, holder })

await describeEachDatabase('limits of one server', (openFresh) => {
  let database: TestDatabase
  let clock: ReturnType<typeof createClock>
  let log: ReturnType<typeof memoryLog>
  let saves: number[]
  let tick: () => void
  const open: (() => Promise<void>)[] = []

  beforeEach(async () => {
    database = await openFresh()
    clock = createClock(AT)
    log = memoryLog()
    saves = []
  })
  afterEach(async () => {
    for (const close of open.splice(0)) await close()
  })

  /** A server's limits; `last` is the end of what it has written so far. */
  async function start(change: Partial<MemoryStoreNeeds> = {}) {
    const { db } = database
    let last: Promise<unknown> = Promise.resolve()
    const tracked = <T>(work: Promise<T>): Promise<T> => {
      last = Promise.allSettled([last, work])
      return work
    }
    const limiter = await openPersistentLimiter({
      load: () => listBuckets(db),
      save: (rows) => {
        saves.push(rows.length)
        return tracked(upsertBuckets(db, rows))
      },
      remove: (keys) => tracked(deleteBuckets(db, keys)),
      readResets: () => listResets(db),
      clock,
      log,
      every: (_, run) => {
        tick = run
        return () => {}
      },
      ...change,
    })
    open.push(limiter.close)
    return {
      ...limiter,
      async second(): Promise<void> {
        clock.advance(1000)
        tick()
        await last
        await new Promise((resolve) => setImmediate(resolve))
        await last
      },
    }
  }

  test('are as they were after a restart', async () => {
    const first = await start()
    expect(await admitted(first, limit, 7)).toBe(7)
    await first.close()
    expect(await admitted(await start(), limit, 20)).toBe(3)
  })

  test('are as they were a second ago after a crash', async () => {
    const first = await start()
    const done = await ask(first, tokens, 800)
    if (done) first.settle(done, { ...NOTHING, tokens: 600 })
    expect(await ask(first, tokens, 100)).not.toBeNull()
    await first.second()
    await ask(first, tokens, 50)

    const second = await start()
    expect(await ask(second, tokens, 401)).toBeNull()
    expect(await ask(second, tokens, 400)).not.toBeNull()
  })

  test('are written once for a thousand requests in a second', async () => {
    const limiter = await start()
    const many = limitOf({ amount: 1000 })
    for (let i = 0; i < 1000; i++) await ask(limiter, of(`user:${i % 300}`, many))
    expect(saves).toEqual([])
    await limiter.second()
    expect(saves).toEqual([300])
    expect(await listBuckets(database.db)).toHaveLength(300)
    await limiter.second()
    expect(saves).toEqual([300])
  })

  test('are written by themselves, about a second later', async () => {
    const { promise: saved, resolve } = Promise.withResolvers<void>()
    const { db } = database
    const limiter = await openPersistentLimiter({
      load: () => listBuckets(db),
      save: async (rows) => {
        await upsertBuckets(db, rows)
        resolve()
      },
      remove: (keys) => deleteBuckets(db, keys),
      readResets: () => listResets(db),
      clock,
      log,
    })
    open.push(limiter.close)
    await ask(limiter, limit)
    await saved
    expect(await listBuckets(db)).toMatchObject([
      { holder: limit.holder, bucket: limit.bucket, debt: shapeOf(limit).ticks },
    ])
  })

  test('are kept while the database fails and written when it is back', async () => {
    const limiter = await start()
    expect(await admitted(limiter, limit, 3)).toBe(3)
    await limiter.second()
    await database.db.schema.alterTable('limit_buckets').renameTo('gone').execute()
    expect(await admitted(limiter, limit, 3)).toBe(3)
    await limiter.second()
    await limiter.second()
    expect(log.entries.map(({ level }) => level)).toEqual(['error'])
    await database.db.schema.alterTable('gone').renameTo('limit_buckets').execute()
    await limiter.second()
    expect(await admitted(await start(), limit, 20)).toBe(4)
  })

  test('are empty at once when another process has reset them', async () => {
    const limiter = await start()
    expect(await admitted(limiter, limit, 20)).toBe(10)
    expect(await admitted(limiter, of('user:2'), 20)).toBe(10)
    await limiter.second()
    const other = openDatabase(database.url)
    await resetBuckets(other.db, limit.holder, [limit.bucket, 'never used'], AT - HOUR_MS)
    await other.close()
    await limiter.applyResets()
    expect(await admitted(limiter, limit, 4)).toBe(4)
    expect(await ask(limiter, of('user:2'))).toBeNull()
    await limiter.second()
    await limiter.applyResets()
    expect(await listBuckets(database.db)).toHaveLength(2)

    const next = await start()
    await next.applyResets()
    expect(await admitted(next, limit, 20)).toBe(6)
  })

  test('that were reset are not filled again by what was on its way', async () => {
    const limiter = await start()
    expect(await admitted(limiter, limit, 20)).toBe(10)
    await resetBuckets(database.db, limit.holder, [limit.bucket], clock.now())
    await limiter.second()
    expect(await listBuckets(database.db)).toMatchObject([{ debt: 0 }])
    expect(await admitted(await start(), limit, 20)).toBe(10)
  })

  test('leave rows only of those that are in use', async () => {
    const limiter = await start()
    const many = limitOf({ amount: 1000 })
    for (let i = 0; i < 700; i++) await ask(limiter, of(`user:${i}`, many))
    await limiter.second()
    expect(await listBuckets(database.db)).toHaveLength(700)
    clock.advance(HOUR_MS)
    for (let i = 0; i < 700; i++) await ask(limiter, of(`user:new-${i % 9}`, many))
    await limiter.second()
    const holders = (await listBuckets(database.db)).map(({ holder }) => holder)
    expect(holders.filter((holder) => !holder.startsWith('user:new-'))).toEqual([])
    expect(holders).toHaveLength(9)
  })
})
