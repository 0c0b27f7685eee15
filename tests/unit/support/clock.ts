import type { Clock } from '../../../app/domain/clock.ts'

/** A clock that stands still until it is told to go on. */
export function createClock(startMs = 1_000_000): Clock & { advance(ms: number): void } {
  let now = startMs
  return {
    now: () => now,
    advance(ms) {
      now += ms
    },
  }
}
