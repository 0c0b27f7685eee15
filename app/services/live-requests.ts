import type { Clock } from '../domain/clock.ts'
import type { Principal } from '../domain/grant.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { ComputeBudget } from '../limits/compute-budget.ts'

export interface Deadlines {
  /** How long Ollama may take to begin its answer, in ms. */
  readonly firstByteMs: number
  /** How long it may be silent within an answer, in ms. */
  readonly idleMs: number
  /** How long a request may take in all, in ms. */
  readonly totalMs: number
  /** After how much silence a caller who waits is told that we are still there, in ms. */
  readonly heartbeatMs: number
}

export interface LiveNeeds {
  readonly clock: Clock
  readonly deadlines: Deadlines
  /** Whether nothing has changed since the principal was read. */
  readonly isCurrent: (principal: Principal) => boolean
  /** Reads a principal again; null when the key is no longer good for anything. */
  readonly reload: (principal: Principal) => Promise<Principal | null>
}

export interface LiveRequest {
  readonly principal: Principal
  /** Whether somebody with these rights may still have what this request is getting. */
  readonly isStillAllowed: (principal: Principal) => boolean
  /** Ends the request with this error. */
  readonly cut: (err: GatewayError) => void
  /** Called when its caller has got nothing for as long as callers should wait, and again each time. */
  readonly onSilence?: (() => void) | undefined
  /** False for transfers of models, which take as long as they take: only a stalled upload is cut. */
  readonly hasDeadline: boolean
  /** What its caller's limits on compute time leave; null when there are none. */
  readonly compute: Pick<ComputeBudget, 'ms' | 'extend' | 'spent'> | null
}

/** One request that is being answered. */
export interface LiveHandle {
  /** Ollama has sent something. */
  progress(): void
  /** Its caller has got something. */
  told(): void
  /** Ollama has taken a piece of what the client uploads. */
  uploading(): void
  /** The upload is over; how long Ollama then thinks about it is up to Ollama. */
  uploaded(): void
  /** The request is over. */
  end(): void
}

/** So long before the reserved compute time is over more of it is asked for, in ms. */
const EXTEND_MS = 3000

interface Entry extends Omit<LiveRequest, 'principal'> {
  readonly startedAt: number
  principal: Principal
  progressAt: number
  /** When its caller last got something, if only that we are still there. */
  toldAt: number
  hasBegun: boolean
  isUploading: boolean
}

/** Everything that is being answered at the moment, and the reasons to cut it short. */
export function createLiveRequests({ clock, deadlines, isCurrent, reload }: LiveNeeds) {
  const entries = new Set<Entry>()
  let isSweeping = false

  return {
    get size(): number {
      return entries.size
    },

    add(request: LiveRequest): LiveHandle {
      const now = clock.now()
      const entry: Entry = {
        ...request,
        startedAt: now,
        progressAt: now,
        toldAt: now,
        hasBegun: false,
        isUploading: false,
      }
      entries.add(entry)
      return {
        progress() {
          entry.progressAt = clock.now()
          entry.hasBegun = true
        },
        told() {
          entry.toldAt = clock.now()
        },
        uploading() {
          entry.progressAt = clock.now()
          entry.isUploading = true
        },
        uploaded() {
          entry.isUploading = false
        },
        end: () => void entries.delete(entry),
      }
    },

    /**
     * Cuts what has run past a deadline. Reads the rights again where a role or key has expired, or
     * something was changed between the look-up of the key and the moment the request became live.
     * Does nothing while the last sweep still waits for the database.
     */
    async sweep(): Promise<void> {
      if (isSweeping) return
      isSweeping = true
      try {
        await sweepOnce()
      } finally {
        isSweeping = false
      }
    },

    /** Reads everybody's rights again and cuts the requests that are no longer allowed. */
    recheckAll: (): Promise<void> => recheck([...entries]),

    /** Cuts everything, because the process is going away. */
    cutAll(): void {
      for (const entry of entries) entry.cut(shuttingDown())
    },
  }

  async function sweepOnce(): Promise<void> {
    const now = clock.now()
    const suspects: Entry[] = []
    for (const entry of entries) {
      const late = overdue(entry, deadlines, now)
      if (!late) beatWhenSilent(entry, now)
      if (late) entry.cut(late)
      else if (entry.principal.validUntil <= now || !isCurrent(entry.principal))
        suspects.push(entry)
    }
    await recheck(suspects)
  }

  function beatWhenSilent(entry: Entry, now: number): void {
    if (now - entry.toldAt < deadlines.heartbeatMs) return
    entry.toldAt = now
    entry.onSilence?.()
  }

  /** Asks once for all requests of a key or token; one that can't be read stops no other. */
  async function recheck(suspects: readonly Entry[]): Promise<void> {
    const byCaller = Map.groupBy(suspects, ({ principal }) => principal)
    const checks = await Promise.allSettled([...byCaller.values()].map(recheckGroup))
    const failed = checks.find((check) => check.status === 'rejected')
    if (failed) throw failed.reason
  }

  async function recheckGroup(group: readonly Entry[]): Promise<void> {
    const [first] = group
    const principal = first ? await reload(first.principal) : null
    for (const entry of group) {
      if (principal && entry.isStillAllowed(principal)) entry.principal = principal
      else entry.cut(withdrawn())
    }
  }
}

export type LiveRequests = ReturnType<typeof createLiveRequests>

const shuttingDown = (): GatewayError =>
  new GatewayError('shutting_down', 'the server is shutting down; try again in a moment', {
    headers: { 'retry-after': '5' },
  })

const withdrawn = (): GatewayError =>
  new GatewayError('revoked', 'your access was withdrawn while the answer was on its way')

function overdue(entry: Entry, deadlines: Deadlines, now: number): GatewayError | null {
  const silentMs = now - entry.progressAt
  if (!entry.hasDeadline) {
    return entry.isUploading && silentMs > deadlines.idleMs
      ? timeout('the upload has stalled; try again')
      : null
  }
  if (!entry.hasBegun && silentMs > deadlines.firstByteMs) {
    return timeout('Ollama did not begin to answer in time; try again')
  }
  if (entry.hasBegun && silentMs > deadlines.idleMs) {
    return timeout('Ollama stopped in the middle of its answer; try again')
  }
  const usedMs = now - entry.startedAt
  if (entry.compute && usedMs > entry.compute.ms - EXTEND_MS) entry.compute.extend()
  if (entry.compute && usedMs > entry.compute.ms) return entry.compute.spent(usedMs, now)
  if (usedMs > deadlines.totalMs) {
    return timeout('the answer took longer than is allowed here')
  }
  return null
}

const timeout = (message: string): GatewayError => new GatewayError('upstream_timeout', message)
