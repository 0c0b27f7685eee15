import type { ErrorCode } from '../errors/codes.ts'
import { createShield, type ShieldNeeds } from './shield.ts'

/** A wrong password, a token or an invitation that is not good, and a name that is tried. */
const FAILURES: ReadonlySet<ErrorCode> = new Set([
  'login_failed',
  'refresh_invalid',
  'forbidden',
  'conflict',
])
const REFUSAL = 'too many failed attempts have come from your address; try again later'
/** In the place of an address that counts against nobody: all of them together. */
const HERE = 'here'
const MAX_VISITORS = 10_000
/** So many wait for those before them: a password takes its time, and people do not wait for minutes. */
const MAX_WAITING = 64

export interface Visit {
  /** What the address counts as; null for one that counts against nobody. */
  readonly group: string | null
  /** Who it would be if the attempt succeeds: a login or an account at its place; null for anybody. */
  readonly visitor: string | null
}

/** Keeps strangers from knocking without end at what needs no login. */
export interface DoorShield {
  /**
   * Runs an attempt and counts it against the address when it fails. Throws 429 instead when too many
   * have failed, unless the visitor has got in before: nobody is kept out by their neighbours.
   */
  attempt<T>(visit: Visit, act: () => Promise<T>): Promise<T>
  close(): void
}

/** Counts apart from API keys: a program with a dead key must not keep people from logging in. */
export function createDoorShield(
  needs: Omit<ShieldNeeds, 'failures' | 'refusal' | 'maxWaiting'>,
): DoorShield {
  const shield = createShield({
    ...needs,
    failures: FAILURES,
    refusal: REFUSAL,
    maxWaiting: MAX_WAITING,
  })
  const known = new Set<string>()

  const remember = (visitor: string): void => {
    known.delete(visitor)
    known.add(visitor)
    const [oldest] = known.size > MAX_VISITORS ? known : []
    if (oldest !== undefined) known.delete(oldest)
  }

  return {
    async attempt({ group, visitor }, act) {
      const isKnown = () => visitor !== null && known.has(visitor)
      const result = await shield.attempt(group ?? HERE, isKnown, act)
      if (visitor !== null) remember(visitor)
      return result
    },
    close: () => shield.close(),
  }
}
