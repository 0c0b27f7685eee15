import { apiKeyId } from '../domain/api-key.ts'
import type { Clock } from '../domain/clock.ts'
import type { Principal } from '../domain/grant.ts'
import { type AccessClaims, looksLikeToken } from './access-token.ts'
import type { Credential, LoadPrincipal } from './principal-loader.ts'
import type { Keyring } from './secrets.ts'

const MAX_ENTRIES = 10_000
/** A wrong credential is looked up again after this, in ms: it may have become good meanwhile. */
const UNKNOWN_TTL_MS = 1000

export interface VerifierNeeds {
  readonly keyring: Pick<Keyring, 'digest'>
  readonly load: LoadPrincipal
  /** What a genuine access token says; null for any other. */
  readonly readToken: (token: string) => Promise<AccessClaims | null>
  readonly clock: Clock
}

export interface Verifier {
  /**
   * Who an API key or an access token belongs to, or null. A known one costs no database read, and
   * neither does junk.
   */
  verify(credential: string): Promise<Principal | null>
  /**
   * Whether the credential was good at its last look-up, be it before a change of which nobody has
   * asked yet what it did to it. No proof of anything: what is known must still be verified.
   */
  knows(credential: string): boolean
  /** Whether nothing has changed since the principal was read. */
  isCurrent(principal: Principal): boolean
  /** Reads the principal of an admitted request again, past the cache. */
  reload(principal: Principal): Promise<Principal | null>
  /** Forgets everything: users, keys, sessions, roles or policies have changed. */
  forget(): void
}

interface Entry {
  readonly principal: Promise<Principal | null>
  validUntil: number
}

/** What a credential names, and until when it does so, in epoch ms. */
interface Name {
  readonly names: Credential
  readonly until: number
}

/** Where a principal was read, and into which cache. */
interface Origin {
  readonly digest: string
  readonly name: Name
  readonly from: object
}

export function createVerifier({ keyring, load, readToken, clock }: VerifierNeeds): Verifier {
  let entries = new Map<string, Entry>()
  // What is good for nothing, and until when: apart, so that it can't push good ones out.
  let unknown = new Map<string, number>()
  // Digests of good credentials, the last look-up at the end.
  const good = new Set<string>()
  const origins = new WeakMap<Principal, Origin>()

  return {
    async verify(credential) {
      if (!isPlausible(credential)) return null
      const digest = keyring.digest(credential)
      if (clock.now() < (unknown.get(digest) ?? 0)) return null
      const known = entries.get(digest)
      if (known && clock.now() < known.validUntil) return known.principal
      return await lookUp(digest, () => nameOf(digest, credential))
    },

    knows: (credential) => isPlausible(credential) && good.has(keyring.digest(credential)),

    isCurrent: (principal) => origins.get(principal)?.from === entries,

    async reload(principal) {
      const origin = origins.get(principal)
      return origin ? await lookUp(origin.digest, async () => origin.name) : null
    },

    forget() {
      // New maps, not clear(): a look-up that began before keeps its answer out of the new ones.
      entries = new Map()
      unknown = new Map()
    },
  }

  async function lookUp(
    digest: string,
    findName: () => Promise<Name | null>,
  ): Promise<Principal | null> {
    const [into, bad] = [entries, unknown]
    const find = async (): Promise<Principal | null> => {
      const name = await findName()
      const principal = name && (await load(name.names))
      if (principal) origins.set(principal, { digest, name, from: into })
      return principal
    }
    const entry: Entry = { principal: find(), validUntil: Number.POSITIVE_INFINITY }
    into.delete(digest)
    into.set(digest, entry)
    trim(into)
    try {
      const principal = await entry.principal
      good.delete(digest)
      if (principal) {
        good.add(digest)
        trim(good)
        const until = origins.get(principal)?.name.until
        entry.validUntil = Math.min(principal.validUntil, until ?? principal.validUntil)
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

  async function nameOf(digest: string, credential: string): Promise<Name | null> {
    if (!looksLikeToken(credential)) return { names: { digest }, until: Number.POSITIVE_INFINITY }
    const claims = await readToken(credential)
    return claims && { names: claims, until: claims.expiresAt }
  }
}

const isPlausible = (credential: string): boolean =>
  apiKeyId(credential) !== null || looksLikeToken(credential)

/** Maps and sets keep the order of insertion, so the first entry is the oldest. */
function trim(entries: Map<string, unknown> | Set<string>): void {
  if (entries.size <= MAX_ENTRIES) return
  const oldest = entries.keys().next().value
  if (oldest !== undefined) entries.delete(oldest)
}
