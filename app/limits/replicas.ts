import type { RedisLink } from './redis-link.ts'
import { BEATS_KEY, REPLICAS, REPLICAS_KEY, STORE_KEY } from './redis-scripts.ts'
import { type Place, placeAmong } from './replica-share.ts'

/** How long a replica counts as alive that says nothing, in ms. */
const ALIVE_MS = 5000
/** How often others must be missing until they count as gone: a Redis that comes back knows nobody. */
const MAX_MISSED = 20

/** The keys of all holders. */
const HOLDERS = 'parallama:{*'
/** More than others can be ahead of this one, so that they do not start anew once more. */
const BEATS_AHEAD = 1000

/** The count of all beats, and who is alive. */
type Beat = readonly [number, readonly string[]]

export interface ReplicasNeeds {
  readonly link: RedisLink
  readonly id: string
  /** A value that was never used before. */
  readonly newId: () => string
}

/** What a replica learns when it says that it is alive. */
export interface Announced {
  /** Its place among all that are. */
  readonly place: Place
  /** Whether Redis has lost everything since the last time, or some of it, so that the rest had to go. */
  readonly isEmptied: boolean
}

/** This replica among all that use the same Redis. */
export interface Replicas {
  /** Says that it is alive. */
  announce(): Promise<Announced>
  /** Says that it is gone; what it can't say is known anyway within some seconds. */
  leave(): Promise<void>
}

export function createReplicas({ link, id, newId }: ReplicasNeeds): Replicas {
  /** Those that are alive, and how often in a row they were missing. */
  const missed = new Map<string, number>()
  let store: unknown
  let beats = 0

  const note = (alive: readonly string[]): Place => {
    for (const [other, times] of missed) {
      if (times === MAX_MISSED) missed.delete(other)
      else missed.set(other, times + 1)
    }
    for (const other of alive) missed.set(other, 0)
    return placeAmong(id, [...missed.keys()])
  }

  /** What a Redis says that has forgotten the last of it can't be trusted: it is to be rebuilt. */
  const startAnew = async (): Promise<void> => {
    for (let cursor = '0'; ; ) {
      const scan = ['SCAN', cursor, 'MATCH', HOLDERS, 'COUNT', '1000']
      const [next, keys] = (await link.send(scan)) as [string, string[]]
      if (keys.length > 0) await link.send(['UNLINK', ...keys])
      if (next === '0') break
      cursor = next
    }
    const [anew, ahead] = [newId(), beats + BEATS_AHEAD]
    await Promise.all([
      link.send(['SET', BEATS_KEY, `${ahead}`]),
      link.send(['SET', STORE_KEY, anew]),
    ])
    store = anew
    beats = ahead
  }

  return {
    async announce() {
      const [[count, alive], , current] = await Promise.all([
        link.run(REPLICAS, [REPLICAS_KEY, BEATS_KEY], [id, `${ALIVE_MS}`]) as Promise<Beat>,
        link.send(['SET', STORE_KEY, newId(), 'NX']),
        link.send(['GET', STORE_KEY]),
      ])
      const isOld = store === current && count <= beats
      const isOther = store !== undefined && store !== current
      store = current
      if (isOld) await startAnew()
      else beats = count
      return { place: note(alive), isEmptied: isOld || isOther }
    },
    async leave() {
      await link.send(['ZREM', REPLICAS_KEY, id]).catch(() => {})
    },
  }
}
