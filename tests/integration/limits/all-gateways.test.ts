import { afterEach, describe, expect, test } from 'bun:test'
import { loadConfig } from '../../../app/config.ts'
import { systemClock } from '../../../app/domain/clock.ts'
import { coveringLimits, type Limit } from '../../../app/domain/limit.ts'
import type { Limiter } from '../../../app/limits/limiter.ts'
import { createMemoryLimiter } from '../../../app/limits/memory-limiter.ts'
import { openLimiter } from '../../../app/open-limiter.ts'
import { openDatabase } from '../../../db/client.ts'
import { newId } from '../../../db/ids.ts'
import { migrateUp } from '../../../db/migrate.ts'
import { recordingLog } from '../../support/gateway/log.ts'
import { redisForTests } from '../../support/servers.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { limitOf, needing } from '../../unit/limits/limit-states.ts'

const REQUESTS = 1000
const GATEWAYS = ['ollama', 'openai']

const redis = await redisForTests()
const dataDir = temporaryFolder()

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

/** Three limiters, as three gateways have them: each with a connection of its own. */
async function onRedis(): Promise<readonly Limiter[]> {
  const store = openDatabase(`sqlite:${dataDir}/parallama.db`)
  await migrateUp(store.db)
  const redisUrl = 'url' in redis ? redis.url : ''
  const config = loadConfig({ dataDir, redisUrl }, undefined, {})
  const log = recordingLog()
  const opened = await Promise.all(
    [1, 2, 3].map(() => openLimiter(config, { store, log, operations: [] })),
  )
  open.push(async () => {
    await Promise.all(opened.map(({ limiter }) => limiter.close()))
    await store.close()
    expect(log.entries.filter(({ level }) => level === 'warn')).toEqual([])
  })
  return opened.map(({ limiter }) => limiter)
}

const inMemory = async (): Promise<readonly Limiter[]> => [
  createMemoryLimiter({ clock: systemClock }),
]

/** Asks so often at once, through each gateway in turn; tells through which each got in. */
async function askAll(limiters: readonly Limiter[], limits: readonly Limit[]) {
  const decisions = await Promise.all(
    Array.from({ length: REQUESTS }, async (_, i) => {
      const gateway = GATEWAYS[i % GATEWAYS.length] ?? ''
      const decision = await limiters[i % limiters.length]?.admit({
        id: newId(),
        limits: coveringLimits(limits, gateway, 'llama3.2:3b'),
        demands: needing(),
      })
      return decision?.reservation ? [gateway] : []
    }),
  )
  const admitted = decisions.flat()
  const through = (name: string): number => admitted.filter((gateway) => gateway === name).length
  return { total: admitted.length, ollama: through('ollama'), openai: through('openai') }
}

const STORES = [
  { name: 'memory', limiters: inMemory, isThere: true },
  { name: 'a Redis that three gateways share', limiters: onRedis, isThere: 'url' in redis },
]

for (const { name, limiters, isThere } of STORES) {
  describe.skipIf(!isThere)(`1,000 parallel requests through two gateways, in ${name}`, () => {
    const perDay = (gateway: string, amount: number): Limit => ({
      ...limitOf({ gateway, amount, window: 'day' }),
      holder: `user:${newId()}`,
      bucket: `all ${gateway} * requests day`,
    })

    test('share the 100 of a rule for all gateways', async () => {
      const admitted = await askAll(await limiters(), [perDay('*', 100)])
      expect(admitted.total).toBe(100)
      expect([admitted.ollama, admitted.openai]).not.toContain(0)
    })

    test('have the 100 of a rule for one gateway there alone', async () => {
      const admitted = await askAll(await limiters(), [perDay('openai', 100)])
      expect(admitted).toEqual({ total: 600, ollama: 500, openai: 100 })
    })

    test('have both where there is a rule for one and a rule for all', async () => {
      const holder = `user:${newId()}`
      const limits = [perDay('*', 300), perDay('openai', 100)].map((one) => ({ ...one, holder }))
      const admitted = await askAll(await limiters(), limits)
      expect(admitted.total).toBe(300)
      expect(admitted.openai).toBeLessThanOrEqual(100)
    })
  })
}
