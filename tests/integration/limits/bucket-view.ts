import { createClient } from 'redis'
import { ANY, shapeOf, type Unit, type Window } from '../../../app/domain/limit.ts'
import { keysOf } from '../../../app/limits/redis-scripts.ts'
import type { Db } from '../../../db/client.ts'
import { readBuckets } from '../../../db/queries/limit-buckets.ts'
import { until } from './until.ts'

/** How much is in a bucket, as its limit's unit counts. */
export interface Filling {
  /** Rounded up. */
  readonly used: number
  /** What running requests have reserved. */
  readonly held: number
}

/** What the store of some gateways knows about limits, seen from outside of them. */
export interface BucketView extends AsyncDisposable {
  /** The time there, in epoch ms. */
  now(): Promise<number>
  /** All buckets of a holder that have something in them, by name, as they were last touched. */
  buckets(holder: string): Promise<Readonly<Record<string, Filling>>>
  /**
   * Resolves when no request has anything reserved of a holder. Throws, with what there is, after
   * 10 s: sooner than what was forgotten would go away by itself.
   */
  released(holder: string): Promise<void>
}

/** Over a connection that waits for as long as it takes. */
export async function viewRedis(url: string): Promise<BucketView> {
  const client = createClient({ url, RESP: 2 })
  await client.connect()

  const buckets: BucketView['buckets'] = async (holder) => {
    const texts = Object.entries(await client.hGetAll(keysOf(holder)[0]))
    return filled(
      texts.map(([bucket, text]) => {
        const [debt = 0, , held = 0] = String(text).split(' ').map(Number)
        return { bucket, debt, held }
      }),
    )
  }
  const reserved = async (holder: string) => ({
    holds: await client.zCard(keysOf(holder)[1]),
    buckets: await buckets(holder),
  })
  return {
    async now() {
      const [seconds, microseconds] = (await client.sendCommand(['TIME'])) as unknown as string[]
      return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
    },
    buckets,
    released: (holder) =>
      until(
        async () => {
          const now = await reserved(holder)
          return now.holds === 0 && isFree(now.buckets)
        },
        async () => JSON.stringify(await reserved(holder)),
      ),
    [Symbol.asyncDispose]: async () => client.destroy(),
  }
}

/** Of a gateway that keeps its limits in memory: what it has written down, about a second late. */
export function viewStored(db: Db): BucketView {
  const buckets: BucketView['buckets'] = async (holder) => filled(await readBuckets(db, [holder]))
  return {
    now: async () => Date.now(),
    buckets,
    released: (holder) =>
      until(
        async () => isFree(await buckets(holder)),
        async () => JSON.stringify(await buckets(holder)),
      ),
    [Symbol.asyncDispose]: async () => {},
  }
}

function filled(
  rows: readonly { readonly bucket: string; readonly debt: number; readonly held: number }[],
): Readonly<Record<string, Filling>> {
  const fillings = rows.map(({ bucket, debt, held }): [string, Filling] => {
    const [, , , unit, window] = bucket.split(' ') as [string, string, string, Unit, Window]
    const rule = { gateway: ANY, model: ANY, unit, window, amount: 1, shadow: false }
    return [bucket, { used: Math.ceil(debt / shapeOf(rule).ticks), held }]
  })
  return Object.fromEntries(fillings.filter(([, { used, held }]) => used > 0 || held > 0))
}

const isFree = (buckets: Readonly<Record<string, Filling>>): boolean =>
  Object.values(buckets).every(({ held }) => held === 0)
