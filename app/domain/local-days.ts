import type { DateRange } from './date-range.ts'
import { HOUR_MS } from './rollup.ts'

const DAY_MS = 24 * HOUR_MS

/** From `from` on, in epoch ms, clocks are so far ahead of UTC. */
export interface OffsetSpan {
  readonly from: number
  readonly offsetMs: number
}

/** How far a zone's clocks are ahead of UTC, hour by hour of the range, in spans of the same. */
export function offsetSpans({ from, until, zone }: DateRange): OffsetSpan[] {
  const spans: OffsetSpan[] = []
  let known = offsetAt(from, zone)
  spans.push({ from, offsetMs: known })
  for (let at = from; at < until; at += DAY_MS) {
    const end = Math.min(at + DAY_MS, until)
    if (offsetAt(end, zone) === known) continue
    for (let hour = at + HOUR_MS; hour <= end; hour += HOUR_MS) {
      const offsetMs = offsetAt(hour, zone)
      if (offsetMs === known) continue
      known = offsetMs
      spans.push({ from: hour, offsetMs })
    }
  }
  return spans
}

/** The number of the day, since 1970-01-01, in which that time lies. */
export function dayOf(at: number, spans: readonly OffsetSpan[]): number {
  const span = spans.findLast(({ from }) => from <= at) ?? spans[0]
  return Math.floor((at + (span?.offsetMs ?? 0)) / DAY_MS)
}

/** The date of a day by its number. */
export const dateOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10)

const offsetAt = (at: number, zone: string): number =>
  Math.round(
    Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).offsetNanoseconds / 1e6,
  )
