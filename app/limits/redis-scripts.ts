import { createHash } from 'node:crypto'
import admit from './admit.lua' with { type: 'text' }
import adopt from './adopt.lua' with { type: 'text' }
import bucket from './bucket.lua' with { type: 'text' }
import cancel from './cancel.lua' with { type: 'text' }
import empty from './empty.lua' with { type: 'text' }
import keep from './keep.lua' with { type: 'text' }
import raise from './raise.lua' with { type: 'text' }
import replicas from './replicas.lua' with { type: 'text' }
import seed from './seed.lua' with { type: 'text' }
import settle from './settle.lua' with { type: 'text' }

/** A script that Redis runs as one step; its own file says what it takes and returns. */
export interface Script {
  readonly source: string
  /** The name under which Redis keeps it. */
  readonly sha: string
}

const script = (body: string): Script => {
  const source = `${bucket}\n${body}`
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}

export const ADMIT = script(admit)
export const SETTLE = script(settle)
export const ADOPT = script(adopt)
export const CANCEL = script(cancel)
export const KEEP = script(keep)
export const SEED = script(seed)
export const EMPTY = script(empty)
export const REPLICAS = script(replicas)
export const RAISE = script(raise)

/** Where replicas say that they are alive. */
export const REPLICAS_KEY = 'parallama:replicas'
/** How often they have said so: a Redis that comes back with old data counts from where that ends. */
export const BEATS_KEY = 'parallama:beats'
/** What is written once into a Redis that is empty: with another value there, all has been lost. */
export const STORE_KEY = 'parallama:store'

/** The newest revision of users, keys, sessions, roles and policies that anybody has announced. */
export const REVISION_KEY = 'parallama:revision'

/** The holder's hash and sorted set. The braces keep both in one slot of a cluster. */
export const keysOf = (holder: string): [hash: string, holds: string] => [
  `parallama:{${holder}}`,
  `parallama:{${holder}}:holds`,
]
