import type { Bucket } from '../domain/bucket.ts'
import { type Limit, shapeOf } from '../domain/limit.ts'
import type { RedisLink } from './redis-link.ts'
import { keysOf, SEED } from './redis-scripts.ts'

/** How often in one request lost buckets are rebuilt, before it is given up. */
const MAX_RESTORES = 3

/** What the ledger says about buckets that Redis has lost, by their names. */
export type Rebuild = (
  holder: string,
  limits: readonly Limit[],
) => Promise<readonly { readonly bucket: string; readonly state: Bucket }[]>

export interface RestoreNeeds {
  readonly link: RedisLink
  readonly rebuild: Rebuild
}

export interface Restore {
  /** Puts back the buckets of these limits that Redis has lost, as the ledger says they must be. */
  restore(limits: readonly Limit[]): Promise<void>
  /**
   * The same for buckets that somebody may put back at this moment who has read the ledger before it
   * had what we know to be in it by now: then they owe at least what it says to us.
   */
  raise(limits: readonly Limit[]): Promise<void>
  /**
   * Asks again after each restore, until no bucket is missing. `missingIn` gives the numbers, from 1,
   * of the limits whose buckets an answer misses. Throws when they are lost again and again.
   */
  restoring<T>(
    limits: readonly Limit[],
    ask: () => Promise<T>,
    missingIn: (answer: T) => readonly unknown[],
  ): Promise<T>
}

export function createRestore({ link, rebuild }: RestoreNeeds): Restore {
  const rebuilding = new Map<string, Promise<void>>()

  const seed = async (
    holder: string,
    limits: readonly Limit[],
    { raises }: { readonly raises: boolean },
  ): Promise<void> => {
    const buckets = await rebuild(holder, limits)
    const shapes = new Map(limits.map((limit) => [limit.bucket, shapeOf(limit)]))
    const args = buckets.flatMap(({ bucket, state: { debt, tick } }) => {
      const shape = shapes.get(bucket)
      if (!shape) return []
      return [bucket, debt, tick, shape.capacity, shape.ticks, shape.tickMs].map(String)
    })
    await link.run(SEED, keysOf(holder), [raises ? '1' : '0', ...args])
  }

  /** Many requests may find the same holder's buckets missing at once: the ledger is asked once. */
  const restore = async (limits: readonly Limit[]): Promise<void> => {
    const byHolder = Map.groupBy(limits, ({ holder }) => holder)
    await Promise.all(
      [...byHolder].map(([holder, missing]) => {
        const name = [holder, ...missing.map(({ bucket }) => bucket)].join('\n')
        const running = rebuilding.get(name) ?? seed(holder, missing, { raises: false })
        rebuilding.set(name, running)
        return running.finally(() => rebuilding.delete(name))
      }),
    )
  }

  const raise = async (limits: readonly Limit[]): Promise<void> => {
    const byHolder = Map.groupBy(limits, ({ holder }) => holder)
    await Promise.all([...byHolder].map(([holder, of]) => seed(holder, of, { raises: true })))
  }

  return {
    restore,
    raise,
    async restoring(limits, ask, missingIn) {
      for (let restores = 0; ; restores++) {
        const answer = await ask()
        const missing = missingIn(answer)
        if (missing.length === 0) return answer
        if (restores === MAX_RESTORES)
          throw new Error('buckets are lost as soon as they are rebuilt')
        await restore(missing.flatMap((index) => limits[Number(index) - 1] ?? []))
      }
    },
  }
}
