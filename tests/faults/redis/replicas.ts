import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../../app/config.ts'
import { type Amounts, type Limit, NOTHING } from '../../../app/domain/limit.ts'
import type { Admission, Decision, Limiter, Reservation } from '../../../app/limits/limiter.ts'
import { connectRedis, type RedisLink } from '../../../app/limits/redis-link.ts'
import { keysOf } from '../../../app/limits/redis-scripts.ts'
import { silentLog } from '../../../app/log.ts'
import { openLimiter } from '../../../app/open-limiter.ts'
import { type DatabaseHandle, openDatabase } from '../../../db/client.ts'
import { newId } from '../../../db/ids.ts'
import { migrateUp } from '../../../db/migrate.ts'
import type { RequestsTable } from '../../../db/schema.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { type RecordingLog, recordingLog } from '../../support/gateway/log.ts'
import type { ControlledServer } from '../../support/servers/controlled.ts'
import { ownRedis } from '../../support/servers.ts'
import { needing } from '../../unit/limits/limit-states.ts'

/** One replica's limiter, as a server has it. */
export interface Replica {
  readonly limiter: Limiter
  readonly log: RecordingLog
  /** Asks for one request, or what else is demanded. */
  admit(limits: readonly Limit[], demands?: Admission['demands']): Promise<Decision>
  /** Asks so often, one after the other; what was admitted. */
  admitAll(count: number, limits: readonly Limit[]): Promise<Reservation[]>
}

/** Replicas on one Redis of their own, with a ledger that they share. */
export interface Replicas extends AsyncDisposable {
  readonly redis: ControlledServer
  readonly store: DatabaseHandle
  readonly all: readonly Replica[]
  /** How long each decision of all replicas took, in ms, since this was last asked. */
  durations(): number[]
  /** A connection of the test's own; a new one each time, because a fault breaks it. */
  ask(command: readonly string[]): Promise<unknown>
  /** What Redis has of a limit's bucket. */
  bucket(limit: Limit): Promise<{ readonly debt: number; readonly held: number } | null>
  /** Settles a request that used this, and writes its row before. */
  settle(replica: Replica, reservation: Reservation, used?: Partial<Amounts>): Promise<void>
  /** Writes rows of requests that have just ended to the ledger, of the holder `user:1`. */
  commit(count: number, change?: Partial<RequestsTable>): Promise<void>
  /** Resolves when all of them are in that mode. */
  untilMode(mode: Limiter['mode']): Promise<void>
}

/** Starts them; to be held with `await using`. Throws where there is no Redis. */
export async function startReplicas(count: number): Promise<Replicas> {
  const redis = await ownRedis()
  if ('skip' in redis) throw new Error(redis.skip)
  const folder = await mkdtemp(join(tmpdir(), 'parallama-limits-'))
  const store = openDatabase(`sqlite:${join(folder, 'parallama.db')}`)
  await migrateUp(store.db)
  const config = loadConfig({ dataDir: folder, redisUrl: redis.url }, undefined, {})
  let took: number[] = []

  const startReplica = async (): Promise<Replica> => {
    const log = recordingLog()
    const { limiter } = await openLimiter(config, { store, log })
    const admit: Replica['admit'] = async (limits, demands = needing()) => {
      const startedAt = performance.now()
      const decision = await limiter.admit({ id: newId(), limits, demands })
      took.push(performance.now() - startedAt)
      return decision
    }
    return {
      limiter,
      log,
      admit,
      async admitAll(times, limits) {
        const admitted: Reservation[] = []
        for (let i = 0; i < times; i++) {
          const { reservation } = await admit(limits)
          if (reservation) admitted.push(reservation)
        }
        return admitted
      },
    }
  }
  const all: Replica[] = []
  while (all.length < count) all.push(await startReplica())
  // Each has to hear of those that came after it.
  await Bun.sleep(count > 1 ? 1300 : 0)

  const ask = async (command: readonly string[]): Promise<unknown> => {
    const link: RedisLink = await connectRedis(redis.url, silentLog)
    try {
      return await link.send(command)
    } finally {
      link.close()
    }
  }
  const commit: Replicas['commit'] = (count, change) =>
    insertRequests(
      store,
      Array.from({ length: count }, () =>
        requestRow({ id: newId(), user_id: '1', key_id: '1', ...change }),
      ),
    )

  return {
    redis,
    store,
    all,
    ask,
    commit,
    durations: () => took.splice(0),
    async bucket({ holder, bucket }) {
      const text = await ask(['HGET', keysOf(holder)[0], bucket])
      if (text === null) return null
      const [debt = 0, , held = 0] = String(text).split(' ').map(Number)
      return { debt, held }
    },
    async settle({ limiter }, reservation, used = {}) {
      const tokens = used.tokens ?? 0
      await commit(1, { prompt_tokens: 0, completion_tokens: tokens, compute_ms: 0 })
      limiter.settle(reservation, { ...NOTHING, requests: 1, ...used })
    },
    untilMode: async (mode) => {
      await until(() => all.every(({ limiter }) => limiter.mode === mode))
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map(({ limiter }) => limiter.close()))
      await redis.dispose()
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Resolves when that is so, or throws when it is not within some seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`never came to be: ${condition}`)
    await Bun.sleep(5)
  }
}

/** The number that half of them are below. */
export const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN
