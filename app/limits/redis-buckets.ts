import type { Bucket } from '../domain/bucket.ts'
import { nameOf } from './bucket-map.ts'
import type { BucketReader } from './bucket-reader.ts'
import type { RedisLink } from './redis-link.ts'
import { EMPTY as EMPTY_SCRIPT, keysOf } from './redis-scripts.ts'

/** The buckets that all replicas share, as they are now. */
export const createRedisBuckets = (link: () => Promise<RedisLink>): BucketReader => ({
  async read(holders) {
    const redis = await link()
    const [seconds] = (await redis.send(['TIME'])) as string[]
    const found = await Promise.all(
      holders.map((holder) => redis.send(['HGETALL', keysOf(holder)[0]])),
    )
    const buckets = found.flatMap((reply, i) =>
      pairs(reply as string[]).map(
        ([bucket, text]) => [nameOf(holders[i] ?? '', bucket), parseBucket(text)] as const,
      ),
    )
    return { at: Number(seconds) * 1000, buckets: new Map(buckets) }
  },

  async empty(holder, buckets) {
    const redis = await link()
    await redis.run(EMPTY_SCRIPT, [keysOf(holder)[0]], [...new Set(buckets)])
  },
})

/** As bucket.lua writes it. */
function parseBucket(text: string): Bucket {
  const [debt = 0, tick = 0, held = 0, refusals = 0] = text.split(' ').map(Number)
  return { debt, tick, held, refusals }
}

const pairs = (flat: readonly string[]): [string, string][] =>
  flat.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, flat[i + 1] ?? '']] : []))
