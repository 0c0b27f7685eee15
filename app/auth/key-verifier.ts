import { apiKeyId } from '../domain/api-key.ts'
import type { Clock } from '../domain/clock.ts'
import type { Principal } from '../domain/grant.ts'
import type { LoadPrincipal } from './principal-loader.ts'
import type { Keyring } from './secrets.ts'

const MAX_ENTRIES = 10_000
/** A wrong key is looked up again after this, in ms: it may have been created meanwhile. */
const UNKNOWN_TTL_MS = 1000

export interface VerifierNeeds {
  readonly keyring: Keyring
  readonly load: LoadPrincipal
  readonly clock: Clock
}

export interface KeyVerifier {
  /** Who the key belongs to, or null. A known key costs no database read, and neither does junk. */
  verify(apiKey: string): Promise<Principal | null>
  /**
   * Whether the key was good at its last look-up, be it before a change of which nobody has asked yet
   * what it did to the key. No proof of anything: a key that is known must still be verified.
   */
  knows(apiKey: string): boolean
  /** Whether nothing has changed since the principal was read. */
  isCurrent(principal: Principal): boolean
  /** Reads the principal of an admitted request again, past the cache. */
  reload(principal: Principal): Promise<Principal | null>
  /** Forgets everything: users, keys, roles or policies have changed. */
  forget(): void
}

interface Entry {
  readonly principal: Promise<Principal | null>
  validUntil: number
}

export function createKeyVerifier({ keyring, load, clock }: VerifierNeeds): KeyVerifier {
  let entries = new Map<string, Entry>()
  // Keys that are good for nothing, and until when: apart, so that they can't push good ones out.
  let unknown = new Map<string, number>()
  // Digests of good keys, the last look-up at the end.
  const good = new Set<string>()
  const origins = new WeakMap<Principal, { readonly digest: string; readonly from: object }>()

  return {
    async verify(apiKey) {
      if (apiKeyId(apiKey) === null) return null
      const digest = keyring.digest(apiKey)
      if (clock.now() < (unknown.get(digest) ?? 0)) return null
      const known = entries.get(digest)
      if (known && clock.now() < known.validUntil) return known.principal
      return await lookUp(digest)
    },

    knows: (apiKey) => apiKeyId(apiKey) !== null && good.has(keyring.digest(apiKey)),

    isCurrent: (principal) => origins.get(principal)?.from === entries,

    async reload(principal) {
      const origin = origins.get(principal)
      return origin ? await lookUp(origin.digest) : null
    },

    forget() {
      // New maps, not clear(): a look-up that began before keeps its answer out of the new ones.
      entries = new Map()
      unknown = new Map()
    },
  }

  async function lookUp(digest: string): Promise<Principal | null> {
    const [into, bad] = [entries, unknown]
    const entry: Entry = { principal: load(digest), validUntil: Number.POSITIVE_INFINITY }
    into.delete(digest)
    into.set(digest, entry)
    trim(into)
    try {
      const principal = await entry.principal
      good.delete(digest)
      if (principal) {
        good.add(digest)
        trim(good)
        origins.set(principal, { digest, from: into })
        entry.validUntil = principal.validUntil
        return principal
      }
      if (into.get(digest) === entry) into.delete(digest)
      bad.set(digest, clock.now() + UNKNOWN_TTL_MS)
      trim(bad)
      return null
    } catch (err) {
      if (into.get(digest) === entry) into.delete(digest)
      throw err
    }
  }
}

/** Maps and sets keep the order of insertion, so the first entry is the oldest. */
function trim(entries: Map<string, unknown> | Set<string>): void {
  if (entries.size <= MAX_ENTRIES) return
  const oldest = entries.keys().next().value
  if (oldest !== undefined) entries.delete(oldest)
}
