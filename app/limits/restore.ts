import type { Bucket } from '../domain/bucket.ts'
import type { Limit } from '../domain/limit.ts'
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

  const seed = async (holder: string, limits: readonly Limit[]): Promise<void> => {
    const buckets = await rebuild(holder, limits)
    const args = buckets.flatMap(({ bucket, state: { debt, tick } }) => [
      bucket,
      `${debt}`,
      `${tick}`,
    ])
    await link.run(SEED, [keysOf(holder)[0]], args)
  }

  /** Many requests may find the same holder's buckets missing at once: the ledger is asked once. */
  const restore = async (limits: readonly Limit[]): Promise<void> => {
    const byHolder = Map.groupBy(limits, ({ holder }) => holder)
    await Promise.all(
      [...byHolder].map(([holder, missing]) => {
        const name = [holder, ...missing.map(({ bucket }) => bucket)].join('\n')
        const running = rebuilding.get(name) ?? seed(holder, missing)
        rebuilding.set(name, running)
        return running.finally(() => rebuilding.delete(name))
      }),
    )
  }

  return {
    restore,
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
