import type { Clock } from '../domain/clock.ts'
import type { Principal } from '../domain/grant.ts'
import { GatewayError } from '../errors/gateway-error.ts'

export interface Deadlines {
  /** How long Ollama may take to begin its answer, in ms. */
  readonly firstByteMs: number
  /** How long it may be silent within an answer, in ms. */
  readonly idleMs: number
  /** How long a request may take in all, in ms. */
  readonly totalMs: number
}

export interface LiveNeeds {
  readonly clock: Clock
  readonly deadlines: Deadlines
  /** Reads a principal again; null when the key is no longer good for anything. */
  readonly reload: (principal: Principal) => Promise<Principal | null>
}

export interface LiveRequest {
  readonly principal: Principal
  /** Whether somebody with these rights may still have what this request is getting. */
  readonly isStillAllowed: (principal: Principal) => boolean
  /** Ends the request with this error. */
  readonly cut: (err: GatewayError) => void
  /** False for long transfers by an administrator, which have no overall deadline. */
  readonly hasDeadline: boolean
}

/** One request that is being answered. */
export interface LiveHandle {
  /** Ollama has sent something. */
  progress(): void
  /** The request is over. */
  end(): void
}

interface Entry extends Omit<LiveRequest, 'principal'> {
  readonly startedAt: number
  principal: Principal
  progressAt: number
  hasBegun: boolean
}

/** Everything that is being answered at the moment, and the reasons to cut it short. */
export function createLiveRequests({ clock, deadlines, reload }: LiveNeeds) {
  const entries = new Set<Entry>()

  return {
    get size(): number {
      return entries.size
    },

    add(request: LiveRequest): LiveHandle {
      const now = clock.now()
      const entry: Entry = { ...request, startedAt: now, progressAt: now, hasBegun: false }
      entries.add(entry)
      return {
        progress() {
          entry.progressAt = clock.now()
          entry.hasBegun = true
        },
        end: () => void entries.delete(entry),
      }
    },

    /** Cuts what has run past a deadline, and what belongs to a role or key that has expired. */
    async sweep(): Promise<void> {
      const now = clock.now()
      const expired: Entry[] = []
      for (const entry of entries) {
        const late = overdue(entry, deadlines, now)
        if (late) entry.cut(late)
        else if (entry.principal.validUntil <= now) expired.push(entry)
      }
      await recheck(expired)
    },

    /** Reads everybody's rights again and cuts the requests that are no longer allowed. */
    recheckAll: (): Promise<void> => recheck([...entries]),

    /** Cuts everything, because the process is going away. */
    cutAll(): void {
      for (const entry of entries) entry.cut(shuttingDown())
    },
  }

  /** Asks once per key, however many requests it has open. */
  async function recheck(suspects: readonly Entry[]): Promise<void> {
    const byKey = Map.groupBy(suspects, ({ principal }) => principal.keyId)
    for (const group of byKey.values()) {
      const [first] = group
      const principal = first ? await reload(first.principal) : null
      for (const entry of group) {
        if (principal && entry.isStillAllowed(principal)) entry.principal = principal
        else entry.cut(withdrawn())
      }
    }
  }
}

export type LiveRequests = ReturnType<typeof createLiveRequests>

export const shuttingDown = (): GatewayError =>
  new GatewayError('shutting_down', 'the server is shutting down; try again in a moment', {
    headers: { 'retry-after': '5' },
  })

const withdrawn = (): GatewayError =>
  new GatewayError('revoked', 'your access was withdrawn while the answer was on its way')

function overdue(entry: Entry, deadlines: Deadlines, now: number): GatewayError | null {
  const silentMs = now - entry.progressAt
  if (!entry.hasBegun && silentMs > deadlines.firstByteMs) {
    return new GatewayError('upstream_timeout', 'Ollama did not begin to answer in time; try again')
  }
  if (entry.hasBegun && silentMs > deadlines.idleMs) {
    return new GatewayError(
      'upstream_timeout',
      'Ollama stopped in the middle of its answer; try again',
    )
  }
  if (entry.hasDeadline && now - entry.startedAt > deadlines.totalMs) {
    return new GatewayError('upstream_timeout', 'the answer took longer than is allowed here')
  }
  return null
}
