import { describe, expect, test } from 'bun:test'
import { LEASE_MS } from '../../app/limits/redis-limiter.ts'
import type { Allotment } from '../../app/services/limit-proposal.ts'
import { viewRedis, viewStored } from '../integration/limits/bucket-view.ts'
import { clientsOf, occupy } from '../integration/limits/clients.ts'
import { type Replicas, startReplicas } from '../integration/limits/replicas.ts'
import { until } from '../integration/limits/until.ts'
import { TESTER } from '../support/builders.ts'
import { startFakeOllama } from '../support/fake-ollama.ts'
import type { TestUser } from '../support/gateway/people.ts'
import { redisForTests } from '../support/servers.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const CAP = 4
/** How late it may be found out that a hold has expired, in ms. */
const MARGIN_MS = 5000
const POLL_MS = 250
const PATIENT_MS = 120_000
const HELD: readonly Allotment[] = [
  { unit: 'concurrent-requests', window: 'now', amount: CAP },
  { unit: 'tokens', window: 'day', amount: 1_000_000 },
]

const redis = await redisForTests()
const folders = { shared: temporaryFolder(), alone: temporaryFolder() }

async function limitedUser({ user, admin }: Replicas): Promise<TestUser> {
  const who = await user()
  const rule = { gateway: 'ollama', amounts: HELD }
  await admin.limits.set(TESTER, { user: who.username }, rule)
  return who
}

describe('what the requests of a killed gateway had reserved', () => {
  test.skipIf('skip' in redis).concurrent(
    'is free again within 30 s, at the gateways that go on',
    async () => {
      const ollama = await startFakeOllama({ numParallel: 64 })
      const redisUrl = 'url' in redis ? redis.url : ''
      const databaseUrl = `sqlite:${folders.shared}/parallama.db`
      await using replicas = await startReplicas({ count: 2, databaseUrl, redisUrl, ollama })
      await using view = await viewRedis(redisUrl)
      const user = await limitedUser(replicas)
      const holder = `user:${user.id}`
      const [first, second] = replicas.all
      if (!first || !second) throw new Error('there are two')

      const lost = await occupy(ollama, clientsOf([first], user), CAP + 1)
      expect(lost.count).toBe(CAP)
      const heldTokens = (await view.buckets(holder))['all ollama * tokens day']?.held ?? 0
      expect(heldTokens).toBeGreaterThan(0)
      await first.kill()
      await ollama.idle()
      const killedAt = await view.now()

      const clients = clientsOf([second], user)
      const fits = async (): Promise<number> => {
        const { count, leave } = await occupy(ollama, clients, CAP + 1)
        await leave()
        return count
      }
      expect(await fits()).toBe(0)
      while ((await fits()) === 0) await Bun.sleep(POLL_MS)
      expect((await view.now()) - killedAt).toBeLessThan(LEASE_MS + MARGIN_MS)
      await view.released(holder)
      expect(await fits()).toBe(CAP)
      await view.released(holder)
      const others = replicas.warnings().filter((line) => !line.startsWith('took over'))
      expect(others).toEqual([])
      await ollama.stop()
    },
    PATIENT_MS,
  )

  test.concurrent(
    'is free at once when it kept its limits in memory and is started again',
    async () => {
      const ollama = await startFakeOllama({ numParallel: 64 })
      const databaseUrl = `sqlite:${folders.alone}/parallama.db`
      const start = () => startReplicas({ count: 1, databaseUrl, redisUrl: null, ollama })
      await using before = await start()
      const user = await limitedUser(before)
      const view = viewStored(before.store.db)
      const held = async () =>
        (await view.buckets(`user:${user.id}`))['all ollama * tokens day']?.held
      expect((await occupy(ollama, clientsOf(before.all, user), CAP + 1)).count).toBe(CAP)
      await until(async () => ((await held()) ?? 0) > 0, held)
      await before.all[0]?.kill()
      await ollama.idle()

      await using after = await start()
      const again = await occupy(ollama, clientsOf(after.all, user), CAP + 1)
      expect(again.count).toBe(CAP)
      await again.leave()
      await view.released(`user:${user.id}`)
      await ollama.stop()
    },
    PATIENT_MS,
  )
})
