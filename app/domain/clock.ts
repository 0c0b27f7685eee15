/** Where a component reads time from; tests pin it. */
export interface Clock {
  /** Wall-clock time in ms since the Unix epoch. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }
