import type { InTurn } from '../auth/turns.ts'
import type { Clock } from '../domain/clock.ts'
import type { ErrorCode } from '../errors/codes.ts'
import type { Log } from '../log.ts'
import type { DoorShield } from './door-shield.ts'
import type { FailureStore } from './failure-store.ts'
import { createShield, type Shield } from './shield.ts'

const MINUTE_MS = 60_000

/** So often an account may be mistaken from one address. */
const PER_PLACE = { limit: 5, windowMs: 15 * MINUTE_MS }
/** So often from all the addresses together from which it was never used before. */
const PER_ACCOUNT = { limit: 50, windowMs: 60 * MINUTE_MS }

/** A wrong password, be it at the door or where somebody who is in changes it. */
const FAILURES: ReadonlySet<ErrorCode> = new Set(['login_failed', 'forbidden'])
const REFUSAL = 'too many failed logins; try again later'
/** In the place of an address that can't be told. */
const HERE = 'here'

export interface LoginShieldNeeds {
  readonly clock: Clock
  readonly log: Log
  /** Where all replicas count together, by the name of the count; null when there is only this one. */
  readonly store: (name: string) => FailureStore | null
  /** What stands for a name in counts and logs: people type passwords into the field of the name. */
  readonly digestOf: (name: string) => string
  /** Counts against the address whatever account is tried. */
  readonly door: Pick<DoorShield, 'attempt'>
  /** Has logins wait for each other before they cost anything: many may come at once. */
  readonly inTurn: InTurn
  /** Whether the account was used from that address before. */
  readonly isKnownPlace: (username: string, address: string | null) => Promise<boolean>
}

export interface LoginAttempt {
  readonly username: string
  /** From where, as it is. */
  readonly address: string | null
  /** What the address counts as; null for one that counts against nobody. */
  readonly group: string | null
}

/** Keeps strangers from trying passwords without end, and from locking anybody out by it. */
export interface LoginShield {
  /**
   * Runs an attempt to log in. Throws 429 instead when too many have failed: of this account from this
   * address; of this account from all strange addresses together; or from this address at all. Where
   * somebody has been before, only what fails there counts.
   */
  attempt<T>(attempt: LoginAttempt, login: () => Promise<T>): Promise<T>
  close(): void
}

export function createLoginShield(needs: LoginShieldNeeds): LoginShield {
  const { clock, log, store, digestOf, door, inTurn, isKnownPlace } = needs
  const shield = (name: string, terms: { limit: number; windowMs: number }): Shield =>
    createShield({
      ...terms,
      clock,
      log,
      store: store(name),
      failures: FAILURES,
      refusal: REFUSAL,
    })
  const places = shield('login-place', PER_PLACE)
  const accounts = shield('login-account', PER_ACCOUNT)
  const never = (): boolean => false

  return {
    async attempt({ username, address, group }, login) {
      const name = username.toLowerCase()
      const account = digestOf(name)
      const place = `${account} ${group ?? HERE}`
      const enter = async () => {
        const isStrange = !(await isKnownPlace(name, address))
        return await accounts.attempt(isStrange ? account : null, never, login)
      }
      // Who is refused for what they did before takes nobody's turn.
      return await places.attempt(place, never, () =>
        door.attempt({ group, visitor: place }, () => inTurn(enter)),
      )
    },
    close() {
      places.close()
      accounts.close()
    },
  }
}
