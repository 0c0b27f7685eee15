import { HOUR_MS } from './rollup.ts'

const DAY_MS = 24 * HOUR_MS

/** Most days that a range can have. */
export const MAX_RANGE_DAYS = 3650

/** A time that begins at `from` and ends before `until`, in epoch ms; its days are those of the zone. */
export interface DateRange {
  readonly from: number
  readonly until: number
  readonly zone: string
}

/** What somebody says about a range: so many days until now, or from and to. */
export interface RangeWords {
  readonly days?: number | undefined
  /** A date, or a time in ISO form; without an offset it is the zone's. */
  readonly from?: string | undefined
  /** The same; a date is the last day that belongs to the range, a time belongs to it no more. */
  readonly to?: string | undefined
  /** Such as Europe/Berlin. */
  readonly zone: string
}

/** What is wrong with the words, and with which of them. */
export interface RangeMistake {
  readonly field: keyof RangeWords
  /** Completes "from …". */
  readonly message: string
}

export type RangeResult =
  | { readonly range: DateRange; readonly mistake?: never }
  | { readonly mistake: RangeMistake }

/** The range that is meant, at the time `now`; `defaultDays` until now (or until `to`) when nothing says where it begins. */
export function readRange(words: RangeWords, now: number, defaultDays: number): RangeResult {
  const { days, from: fromText, to: toText, zone } = words
  if (!isZone(zone))
    return wrong('zone', `must be a time zone such as Europe/Berlin or UTC, not "${zone}"`)
  if (days !== undefined && (fromText !== undefined || toText !== undefined)) {
    return wrong('days', "can't be given together with a beginning or an end")
  }
  if (days !== undefined && !isDays(days)) {
    return wrong('days', `must be a whole number from 1 to ${MAX_RANGE_DAYS}`)
  }
  const to = toText === undefined ? { start: now + 1, end: now + 1 } : readTime(toText, zone)
  if (typeof to === 'string') return wrong('to', to)
  const until = to.end
  const from =
    fromText === undefined
      ? { start: (toText === undefined ? now : until) - (days ?? defaultDays) * DAY_MS }
      : readTime(fromText, zone)
  if (typeof from === 'string') return wrong('from', from)
  return ordered(Math.max(0, from.start), until, words)
}

/** The whole hours that hold the range: sums are kept by the hour. */
export const wholeHours = ({ from, until, zone }: DateRange): DateRange => ({
  from: Math.floor(from / HOUR_MS) * HOUR_MS,
  until: Math.ceil(until / HOUR_MS) * HOUR_MS,
  zone,
})

/** Whether there is such a time zone. */
function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** Whether the words are those of a time, and not of a whole day. */
export const isTime = (text: string): boolean => TIME.test(text)

function ordered(from: number, until: number, { from: text, to, zone }: RangeWords): RangeResult {
  if (until <= from) {
    if (to === undefined) return wrong('from', `must be in the past, not ${text}`)
    return wrong('to', `must be after the beginning: the range ends before it begins`)
  }
  // A day in which the clocks are put back is longer.
  if (until - from > (MAX_RANGE_DAYS + 1) * DAY_MS) {
    return wrong('from', `must be at most ${MAX_RANGE_DAYS} days before the end`)
  }
  return { range: { from, until, zone } }
}

const isDays = (days: number): boolean =>
  Number.isSafeInteger(days) && days >= 1 && days <= MAX_RANGE_DAYS

const wrong = (field: keyof RangeWords, message: string): RangeResult => ({
  mistake: { field, message },
})

const DATE = /^\d{4}-\d\d-\d\d$/
const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?$/i
const OFFSET = /(Z|[+-]\d\d:?\d\d)$/i

/** Where what is written begins, and what comes after it; what is wrong with it when it is none. */
function readTime(
  text: string,
  zone: string,
): { readonly start: number; readonly end: number } | string {
  try {
    if (DATE.test(text)) {
      const date = Temporal.PlainDate.from(text, { overflow: 'reject' })
      return { start: startOf(date, zone), end: startOf(date.add({ days: 1 }), zone) }
    }
    if (TIME.test(text)) {
      const [, time = ''] = text.split(/[T ]/i)
      const at = OFFSET.test(time)
        ? Temporal.Instant.from(text)
        : Temporal.PlainDateTime.from(text, { overflow: 'reject' }).toZonedDateTime(zone)
      return { start: at.epochMilliseconds, end: at.epochMilliseconds }
    }
  } catch {
    return `must be a time that exists, not ${text}`
  }
  return 'must be a date such as 2026-11-01 or a time such as 2026-11-01T12:00:00Z'
}

const startOf = (date: Temporal.PlainDate, zone: string): number =>
  date.toZonedDateTime(zone).epochMilliseconds
