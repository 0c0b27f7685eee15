const DAY_MS = 86_400_000

/** When the first day of UTC begins that is kept at the time `now` when so many whole days are, in epoch ms. */
export const keptSince = (now: number, days: number): number =>
  (Math.floor(now / DAY_MS) - days) * DAY_MS
