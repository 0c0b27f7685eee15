import { setSystemTime } from 'bun:test'
import { unauthorized } from '../../../app/auth/credential.ts'
import { systemClock } from '../../../app/domain/clock.ts'
import type { ErrorCode } from '../../../app/errors/codes.ts'
import { GatewayError } from '../../../app/errors/gateway-error.ts'
import { silentLog } from '../../../app/log.ts'
import { createShield, type ShieldNeeds } from '../../../app/middleware/shield.ts'
import { refusalOf } from '../../support/refusal.ts'

export const WINDOW_MS = 60_000
export const HERE = '192.0.2.7'

const START = 1_000_000_000

/** Sets the clock of the process, which the counters of the library read, to `ms` after the start. */
export const goTo = (ms: number): void => void setSystemTime(START + ms)

/** Lets time go on as it does. */
export const leaveTime = (): void => void setSystemTime()

/** A shield that allows five failures in a minute, and those who come to it. */
export function createAttempts(change: Partial<ShieldNeeds> = {}) {
  const needs = { limit: 5, windowMs: WINDOW_MS, clock: systemClock, log: silentLog, ...change }
  const shield = createShield(needs)
  let lookups = 0
  const come = (address: string | null, isKnown: boolean, lookup: () => Promise<unknown>) =>
    shield.attempt(
      address,
      () => isKnown,
      () => {
        lookups++
        return lookup()
      },
    )
  const failing = async (): Promise<never> => {
    throw unauthorized('Bearer')
  }
  const codeOf = async (attempt: Promise<unknown>) => (await refusalOf(attempt))?.code ?? 'ok'
  return {
    shield,
    lookups: () => lookups,
    bad: (address: string | null = HERE, isKnown = false) =>
      codeOf(come(address, isKnown, failing)),
    good: (address: string | null = HERE, isKnown = false) =>
      codeOf(come(address, isKnown, async () => 'principal')),
    /** Ends as the promise does. */
    lasting: <T>(until: Promise<T>) =>
      shield.attempt(
        HERE,
        () => false,
        () => until,
      ),
    ending: (code: ErrorCode, address: string | null = HERE) =>
      codeOf(come(address, false, () => Promise.reject(new GatewayError(code, 'x')))),
    /** In how many seconds the address is told to come back; 0 when it is let in. */
    retryAfter: async () =>
      Number((await refusalOf(come(HERE, false, async () => {})))?.headers['retry-after'] ?? 0),
  }
}

/** One after the other. */
export const times = async <T>(count: number, act: () => Promise<T>): Promise<T[]> => {
  const results: T[] = []
  for (let i = 0; i < count; i++) results.push(await act())
  return results
}
