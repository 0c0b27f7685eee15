import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import { loadConfig } from '../../../app/config.ts'
import { type Amounts, type Limit, NOTHING, shapeOf } from '../../../app/domain/limit.ts'
import type { Admission, Decision, Limiter, Reservation } from '../../../app/limits/limiter.ts'
import { connectRedis } from '../../../app/limits/redis-link.ts'
import { keysOf } from '../../../app/limits/redis-scripts.ts'
import { silentLog } from '../../../app/log.ts'
import { openLimiter } from '../../../app/open-limiter.ts'
import { type DatabaseHandle, openDatabase } from '../../../db/client.ts'
import { newId } from '../../../db/ids.ts'
import { migrateUp } from '../../../db/migrate.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { type RecordingLog, recordingLog } from '../../support/gateway/log.ts'
import { WORKING_OPERATIONS } from '../../support/permissions.ts'
import type { ControlledServer } from '../../support/servers/controlled.ts'
import { ownRedis } from '../../support/servers.ts'
import { limitOf, needing } from '../../unit/limits/limit-states.ts'

/** Longer than it takes a replica to hear of those that came after it, in ms. */
const ACQUAINTED_MS = 400

/** One replica's limiter, as a server has it. */
export interface Replica {
  readonly limiter: Limiter
  readonly log: RecordingLog
  /** Asks for one request that wants no more than it needs. */
  admit(limits: readonly Limit[], needs?: Partial<Amounts>): Promise<Decision>
  /** Asks so often, one after the other; what was admitted. */
  admitAll(
    count: number,
    limits: readonly Limit[],
    needs?: Partial<Amounts>,
  ): Promise<Reservation[]>
  /** Ends requests that used this much, with a row each in the ledger before. */
  settle(reservations: readonly Reservation[], used?: Partial<Amounts>): Promise<void>
}

/** Replicas on a Redis of their own, with a ledger that they share. */
export interface Replicas extends AsyncDisposable {
  readonly redis: ControlledServer
  readonly store: DatabaseHandle
  readonly all: readonly Replica[]
  /** Lets Redis stand still; resolves when it does. */
  pause(): Promise<void>
  /** How long each decision took, in ms, since this was last asked. */
  durations(): number[]
  /** Asks Redis over a connection of the test's own, and waits for as long as it takes. */
  ask(...command: string[]): Promise<unknown>
  /** How much of a limit Redis counts as used, rounded up, and as reserved; null for no bucket. */
  counted(limit: Limit): Promise<{ readonly used: number; readonly held: number } | null>
  /** Resolves when all of them are in that mode. */
  untilMode(mode: Limiter['mode']): Promise<void>
}

/** Starts them; to be held with `await using`. Throws where there is no Redis. */
export async function startReplicas(
  count: number,
  redisOptions: readonly string[] = [],
): Promise<Replicas> {
  const redis = await ownRedis(redisOptions)
  if ('skip' in redis) throw new Error(redis.skip)
  const folder = await mkdtemp(join(tmpdir(), 'parallama-limits-'))
  const store = openDatabase(`sqlite:${join(folder, 'parallama.db')}`)
  await migrateUp(store.db)
  const config = loadConfig({ dataDir: folder, redisUrl: redis.url }, undefined, {})
  const all: Replica[] = []
  const took: number[] = []

  const open = async (): Promise<Replica> => {
    const log = recordingLog()
    const { limiter } = await openLimiter(config, { store, log, operations: WORKING_OPERATIONS })
    const replica = replicaOf(limiter, log, store, (ms) => took.push(ms))
    all.push(replica)
    return replica
  }
  const ask = async (...command: string[]): Promise<unknown> => {
    const client = await createClient({ url: redis.url, RESP: 2 }).connect()
    try {
      return await client.sendCommand(command)
    } finally {
      client.destroy()
    }
  }
  const probe = await connectRedis(redis.url, silentLog)
  while (all.length < count) await open()
  if (count > 1) await Bun.sleep(ACQUAINTED_MS)

  return {
    redis,
    store,
    all,
    ask,
    async pause() {
      await redis.pause()
      const answers = () =>
        probe.send(['PING']).then(
          () => true,
          () => false,
        )
      while (await answers());
    },
    durations: () => took.splice(0),
    async counted(limit) {
      const text = await ask('HGET', keysOf(limit.holder)[0], limit.bucket)
      if (text === null) return null
      const [debt = 0, , held = 0] = String(text).split(' ').map(Number)
      return { used: Math.ceil(debt / shapeOf(limit).ticks), held }
    },
    untilMode: (mode) => until(() => all.every(({ limiter }) => limiter.mode === mode)),
    async [Symbol.asyncDispose]() {
      await redis.resume()
      probe.close()
      await Promise.all(all.map(({ limiter }) => limiter.close()))
      await redis.dispose()
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function replicaOf(
  limiter: Limiter,
  log: RecordingLog,
  store: DatabaseHandle,
  onDecision: (ms: number) => void,
): Replica {
  const admit: Replica['admit'] = async (limits, needs) => {
    const startedAt = performance.now()
    const decision = await limiter.admit({ id: newId(), limits, demands: demandsOf(needs) })
    onDecision(performance.now() - startedAt)
    return decision
  }
  return {
    limiter,
    log,
    admit,
    async admitAll(count, limits, needs) {
      const admitted: Reservation[] = []
      for (let i = 0; i < count; i++) {
        const { reservation } = await admit(limits, needs)
        if (reservation) admitted.push(reservation)
      }
      return admitted
    },
    async settle(reservations, used = {}) {
      const rows = reservations.map(({ limits }) =>
        requestRow({
          id: newId(),
          user_id: limits[0]?.holder.slice('user:'.length) ?? '',
          prompt_tokens: 0,
          completion_tokens: used.tokens ?? 0,
          compute_ms: used['compute-seconds'] ?? 0,
        }),
      )
      if (rows.length > 0) await insertRequests(store, rows)
      for (const reservation of reservations) {
        limiter.settle(reservation, { ...NOTHING, requests: 1, ...used })
      }
    },
  }
}

const demandsOf = (needs: Partial<Amounts> = {}): Admission['demands'] => needing(needs)

/** A limit on a user whom no other limit is on. */
export const limitOn = (user: string, change: Parameters<typeof limitOf>[0]): Limit => ({
  ...limitOf(change),
  holder: `user:${user}`,
})

/** Resolves when that is so; throws when it is not within some seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`never came to be: ${condition}`)
    await Bun.sleep(5)
  }
}

/** How many there are in all. */
export const total = (lists: readonly (readonly unknown[])[]): number => lists.flat().length
