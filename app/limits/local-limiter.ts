import { type Bucket, drained, EMPTY } from '../domain/bucket.ts'
import type { Clock } from '../domain/clock.ts'
import { type Amounts, type Limit, shapeOf } from '../domain/limit.ts'
import { within } from '../domain/within.ts'
import { nameOf } from './bucket-map.ts'
import type { Admission, Decision, Demand, Reservation } from './limiter.ts'
import { createMemoryLimiter } from './memory-limiter.ts'
import { isLasting } from './rebuild.ts'
import { localBucket, localShape, type Place } from './replica-share.ts'
import type { Rebuild } from './restore.ts'

/** For so long an answer is waited for without which nothing can be admitted, in ms. */
const LEDGER_MS = 500

export interface LocalLimiterNeeds {
  readonly place: Place
  /** What Redis last said about a bucket. */
  readonly lastSeen: (limit: Limit) => Bucket | undefined
  readonly rebuild: Rebuild
  readonly clock: Clock
  /** What was admitted before and still runs: it counts among the concurrent requests. */
  readonly running: Iterable<Reservation>
}

/**
 * A replica on its own, for one outage of Redis: it holds its part of each limit, and of that what was
 * left by the worse of what Redis last said and what the ledger says.
 */
export function createLocalLimiter(needs: LocalLimiterNeeds) {
  const { place, lastSeen, rebuild, clock, running } = needs
  const shared = new Map<string, Bucket>()
  const asking = new Map<string, Promise<void>>()
  const memory = createMemoryLimiter({
    clock,
    mode: 'local',
    shape: (limit) => localShape(limit, place),
    initial: (limit) =>
      localBucket(limit, shared.get(nameOf(limit.holder, limit.bucket)) ?? EMPTY, place),
  })
  for (const reservation of running) memory.adopt(concurrencyOf(reservation))

  /** True when nobody but the ledger can say what was used. */
  const needsLedger = (limit: Limit): boolean =>
    isLasting(limit) && !limit.shadow && !lastSeen(limit)

  const lookUp = async (holder: string, limits: readonly Limit[], ms: number): Promise<void> => {
    const isNeeded = limits.some(needsLedger)
    const told = await within(rebuild(holder, limits), isNeeded ? LEDGER_MS : ms).catch(() => null)
    if (isNeeded && !told) {
      for (const limit of limits) asking.delete(nameOf(limit.holder, limit.bucket))
      throw new Error(`neither Redis nor the ledger has told what ${holder} has used`)
    }
    const states = new Map(told?.map(({ bucket, state }) => [bucket, state]))
    for (const limit of limits) {
      const candidates = [lastSeen(limit), states.get(limit.bucket)].flatMap((b) => b ?? [])
      shared.set(nameOf(limit.holder, limit.bucket), worst(candidates, limit, clock.now()))
    }
  }

  const prepare = async (limits: readonly Limit[], ms: number): Promise<void> => {
    const unknown = limits.filter((limit) => !asking.has(nameOf(limit.holder, limit.bucket)))
    for (const [holder, of] of Map.groupBy(unknown, ({ holder }) => holder)) {
      const asked = lookUp(holder, of, ms)
      for (const limit of of) asking.set(nameOf(limit.holder, limit.bucket), asked)
    }
    await Promise.all(
      new Set(limits.map((limit) => asking.get(nameOf(limit.holder, limit.bucket)))),
    )
  }

  return {
    /**
     * Waits for the ledger for `ledgerMs`, and longer only when nothing else is known. Throws when the
     * ledger is needed and does not answer.
     */
    async admit(admission: Admission, ledgerMs: number): Promise<Decision> {
      const { limits, demands } = admission
      await prepare(limits, ledgerMs)
      return await memory.admit({ ...admission, demands: fitting(demands, limits, place) })
    },

    /** Of what was admitted elsewhere only the concurrency is known here. */
    settle(reservation: Reservation, used: Amounts, { isOwn }: { isOwn: boolean }): void {
      memory.settle(isOwn ? reservation : concurrencyOf(reservation), used)
    },
  }
}

export type LocalLimiter = ReturnType<typeof createLocalLimiter>

const concurrencyOf = (reservation: Reservation): Reservation => ({
  ...reservation,
  limits: reservation.limits.filter(({ unit }) => unit === 'concurrent-requests'),
})

/** Who asks for more than a replica's share has to make do with it; one request stays one. */
function fitting(
  demands: Admission['demands'],
  limits: readonly Limit[],
  place: Place,
): Admission['demands'] {
  const capped = (unit: 'tokens' | 'compute-seconds'): Demand => {
    const shares = limits.flatMap((limit) =>
      limit.unit === unit && !limit.shadow ? [localShape(limit, place).capacity] : [],
    )
    const { need, want } = demands[unit]
    const most = Math.max(1, Math.min(...shares))
    return { need: Math.min(need, most), want: Math.min(want, most) }
  }
  return { ...demands, tokens: capped('tokens'), 'compute-seconds': capped('compute-seconds') }
}

function worst(candidates: readonly Bucket[], limit: Limit, at: number): Bucket {
  const now = [EMPTY, ...candidates].map((bucket) => drained(bucket, shapeOf(limit), at))
  return {
    ...drained(EMPTY, shapeOf(limit), at),
    debt: Math.max(...now.map(({ debt }) => debt)),
    held: Math.max(...now.map(({ held }) => held)),
  }
}
