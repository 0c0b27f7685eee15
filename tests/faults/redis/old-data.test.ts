import { describe, expect, test } from 'bun:test'
import { redisForTests } from '../../support/servers.ts'
import { limitOn, type Replica, startReplicas } from './replicas.ts'

const available = await redisForTests()

/** Longer than it is from one beat of a replica to the next, in ms. */
const BEAT_MS = 1300

describe.skipIf('skip' in available)(
  'a Redis that comes back with what it had some time ago',
  () => {
    test('is not trusted: buckets are rebuilt from the ledger, which has the rest', async () => {
      const daily = limitOn('daily', { amount: 100, window: 'day' })
      await using replicas = await startReplicas(2)
      const [first, second] = replicas.all as [Replica, Replica]
      await first.settle(await first.admitAll(20, [daily]))
      await replicas.ask('SAVE')
      await second.settle(await second.admitAll(60, [daily]))
      await Bun.sleep(BEAT_MS)
      await replicas.redis.stop('crash')
      await replicas.untilMode('local')
      await replicas.redis.start()
      await first.admit([daily])
      await replicas.untilMode('exact')
      const more = await second.admitAll(50, [daily])
      expect(more.length).toBeWithin(18, 21)
      expect(await first.admitAll(50, [daily])).toEqual([])
    })

    test('is trusted no less when it has lost nothing that mattered', async () => {
      const daily = limitOn('kept', { amount: 100, window: 'day' })
      await using replicas = await startReplicas(1)
      const [only] = replicas.all as [Replica]
      await only.settle(await only.admitAll(30, [daily]))
      await Bun.sleep(BEAT_MS)
      expect(await replicas.counted(daily)).toEqual({ used: 30, held: 0 })
      expect(await only.admitAll(100, [daily])).toHaveLength(70)
    })
  },
)
