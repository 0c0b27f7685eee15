import { isTime, type RangeMistake, type RangeWords, readRange } from './date-range.ts'
import { HOUR_MS } from './rollup.ts'

/** The time that a report is about: whole hours, as sums are kept by the hour. */
export interface ReportPeriod {
  readonly from: number
  readonly until: number
  readonly zone: string
  /** As its title has it: `November 2026`, or from and to. */
  readonly title: string
}

/** What somebody says about it: a month, or from and to; the month that it is now without either. */
export interface PeriodWords {
  /** As 2026-11. */
  readonly month?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly zone: string
}

export type PeriodResult =
  | { readonly period: ReportPeriod; readonly mistake?: never }
  | {
      readonly mistake: {
        readonly field: RangeMistake['field'] | 'month'
        /** Completes "month …". */
        readonly message: string
      }
    }

const MONTH = /^\d{4}-\d\d$/
const MONTH_NAME = new Intl.DateTimeFormat('en', {
  month: 'long',
  year: 'numeric',
  timeZone: 'UTC',
})
const MONTH_FORM = 'must be a month such as 2026-11'

/** The period that is meant, at the time `now`. */
export function readPeriod({ month, from, to, zone }: PeriodWords, now: number): PeriodResult {
  const isRange = from !== undefined || to !== undefined
  if (!isRange) return monthPeriod(month, zone, now)
  if (month !== undefined) {
    return wrong('month', "can't be given together with a beginning or an end")
  }
  const read = readRange({ from, to, zone }, now, 30)
  if (read.mistake) return { mistake: read.mistake }
  const { range } = read
  if (isPartHour(from, range.from)) return wrong('from', wholeHour(floor(range.from)))
  if (isPartHour(to, range.until)) return wrong('to', wholeHour(ceil(range.until)))
  const hours = inHours(range.from, range.until, now)
  // From an hour on that a day shares with the one after it, to the end of the day.
  if (hours.until <= hours.from) {
    return wrong('to', 'must be an hour or more after the beginning: a report has whole hours')
  }
  const title = `${day(range.from, zone)} to ${day(range.until - 1, zone)}`
  return { period: { ...hours, zone, title } }
}

function monthPeriod(month: string | undefined, zone: string, now: number): PeriodResult {
  if (month !== undefined && !MONTH.test(month)) return wrong('month', MONTH_FORM)
  const words: RangeWords = { zone }
  const { mistake } = readRange(words, now, 1)
  if (mistake) return { mistake }
  const first = firstDay(month ?? day(now, zone).slice(0, 7))
  if (!first) return wrong('month', `${MONTH_FORM}, not ${month}`)
  const start = first.toZonedDateTime(zone).epochMilliseconds
  const end = first.add({ months: 1 }).toZonedDateTime(zone).epochMilliseconds
  if (start > now) return wrong('month', `must have begun, which ${month} has not`)
  const title = MONTH_NAME.format(Date.UTC(first.year, first.month - 1))
  return { period: { ...inHours(start, end, now), zone, title } }
}

/**
 * Where a zone is half an hour off, an hour that two days share belongs to the later one: nothing is in two
 * reports. Of an hour that is not over there is no part to leave out.
 */
const inHours = (from: number, until: number, now: number) => ({
  from: floor(from),
  until: until > now ? ceil(until) : floor(until),
})

const floor = (at: number): number => Math.floor(at / HOUR_MS) * HOUR_MS
const ceil = (at: number): number => Math.ceil(at / HOUR_MS) * HOUR_MS

/** Whether somebody named a time, and it is within an hour. */
const isPartHour = (text: string | undefined, at: number): boolean =>
  text !== undefined && isTime(text) && at % HOUR_MS !== 0

const wholeHour = (hour: number): string =>
  `must be a whole hour of UTC, such as ${new Date(hour).toISOString().slice(0, 16)}Z: a report has whole hours`

function firstDay(month: string): Temporal.PlainDate | null {
  try {
    return Temporal.PlainDate.from(`${month}-01`, { overflow: 'reject' })
  } catch {
    return null
  }
}

const day = (at: number, zone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDate().toString()

const wrong = (field: RangeMistake['field'] | 'month', message: string): PeriodResult => ({
  mistake: { field, message },
})
