import type { Clock } from '../domain/clock.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Log } from '../log.ts'

/** How long cached principals serve while the database can't confirm them, in ms: a minute, and the time to find it again. */
const STALE_LIMIT_MS = 65_000

/** How long an answer of the database counts as its being there, in ms. */
const CONFIRMED_MS = 2500

export interface RevocationNeeds {
  readonly readRevision: () => Promise<number>
  /** Forgets all cached principals. */
  readonly forget: () => void
  /** Cuts the live requests that are no longer allowed. */
  readonly recheckLive: () => Promise<void>
  readonly clock: Clock
  readonly log: Log
}

export interface RevocationWatch {
  /** Looks whether users, keys, roles or policies have changed, and acts on it. */
  check(): Promise<void>
  /** Whether the database has answered within the last two seconds or so. */
  isConfirmed(): boolean
  /**
   * Makes sure that this process has seen a revision of which it was told by others. Throws
   * database_unavailable when it can't be read: what may have been revoked is not let in.
   */
  catchUp(revision: number): Promise<void>
}

/**
 * Makes changes hold that this or another process has made: what is cached is forgotten and live
 * requests are checked again. Fails closed: when the database has not answered for a minute, nothing
 * that is cached counts any more.
 */
export function createRevocationWatch(needs: RevocationNeeds): RevocationWatch {
  const { readRevision, forget, recheckLive, clock, log } = needs
  let seen: number | null = null
  let caughtUpWith = 0
  let confirmedAt = clock.now()
  let running: Promise<void> | null = null
  let isSilent = false
  let isStale = false

  const look = async (): Promise<void> => {
    try {
      const revision = await readRevision()
      confirmedAt = clock.now()
      if (isSilent) log.info({}, 'the database answers again')
      isSilent = false
      isStale = false
      caughtUpWith = Math.max(caughtUpWith, revision)
      if (revision === seen) return
      forget()
      await recheckLive()
      seen = revision
    } catch (err) {
      if (!isSilent) log.warn({ err }, 'the database does not say whether keys have changed')
      isSilent = true
    }
  }

  /** Does not wait for the database: one that hangs must not keep the doors open. */
  const refuseWhatIsStale = (): void => {
    if (clock.now() - confirmedAt < STALE_LIMIT_MS) return
    if (!isStale) log.error({}, 'the database has not confirmed keys for a minute; refusing all')
    isStale = true
    forget()
  }

  const check = async (): Promise<void> => {
    refuseWhatIsStale()
    // A look that is under way may have read before the change: it does not count for this one.
    await running
    running ??= look().finally(() => {
      running = null
    })
    await running
  }

  return {
    check,
    isConfirmed: () => !isSilent && clock.now() - confirmedAt < CONFIRMED_MS,
    async catchUp(revision) {
      if (revision <= caughtUpWith) return
      await check()
      if (isSilent) throw databaseUnavailable()
      // A database that was restored may be behind what others have said: that is all there is.
      caughtUpWith = Math.max(caughtUpWith, revision)
    },
  }
}

const databaseUnavailable = (): GatewayError =>
  new GatewayError('database_unavailable', 'keys cannot be checked at the moment; try again', {
    headers: { 'retry-after': '2' },
  })
