import { describe, expect, test } from 'bun:test'
import { type RangeWords, readRange, wholeHours } from '../../../app/domain/date-range.ts'
import { dateOf, dayOf, offsetSpans } from '../../../app/domain/local-days.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const NOW = Date.parse('2026-11-30T12:34:56.789Z')

const read = (words: Partial<RangeWords>) => readRange({ zone: 'UTC', ...words }, NOW, 30)
const between = (words: Partial<RangeWords>) => {
  const { range, mistake } = { range: undefined, ...read(words) }
  if (!range) throw new Error(`${mistake?.field} ${mistake?.message}`)
  return [range.from, range.until].map((ms) => new Date(ms).toISOString().replace(':00.000Z', 'Z'))
}

describe('a range', () => {
  test.each<[Partial<RangeWords>, string, string]>([
    [{ from: '2026-11-01', to: '2026-11-02' }, '2026-11-01T00:00Z', '2026-11-03T00:00Z'],
    [{ from: '2026-11-01', to: '2026-11-01' }, '2026-11-01T00:00Z', '2026-11-02T00:00Z'],
    [
      { from: '2026-11-01T10:00Z', to: '2026-11-01T11:00Z' },
      '2026-11-01T10:00Z',
      '2026-11-01T11:00Z',
    ],
    [{ from: '2026-11-01 10:00', to: '2026-11-01T11:00+01:00' }, '', ''],
    [
      { from: '2026-03-29', to: '2026-03-29', zone: 'Europe/Berlin' },
      '2026-03-28T23:00Z',
      '2026-03-29T22:00Z',
    ],
    [
      { from: '2026-11-01T12:00', to: '2026-11-01', zone: 'Asia/Kolkata' },
      '2026-11-01T06:30Z',
      '2026-11-01T18:30Z',
    ],
    [{ to: '2026-11-10' }, '2026-10-12T00:00Z', '2026-11-11T00:00Z'],
    [{ from: '1960-01-01', to: '1970-01-02' }, '1970-01-01T00:00Z', '1970-01-03T00:00Z'],
  ])('of %j is what it says', (words, from, until) => {
    if (from === '') expect(() => between(words)).toThrow('to must be after the beginning')
    else expect(between(words)).toEqual([from, until])
  })

  test('of days ends with this very moment', () => {
    expect(read({ days: 7 })).toEqual({
      range: { from: NOW - 7 * DAY_MS, until: NOW + 1, zone: 'UTC' },
    })
    expect(read({})).toEqual({ range: { from: NOW - 30 * DAY_MS, until: NOW + 1, zone: 'UTC' } })
  })

  test.each<[Partial<RangeWords>, string]>([
    [
      { from: '2026-11-02', to: '2026-11-01' },
      'to must be after the beginning: the range ends before it begins',
    ],
    [{ from: '2027-01-01' }, 'from must be in the past, not 2027-01-01'],
    [{ from: '2026-02-30' }, 'from must be a time that exists, not 2026-02-30'],
    [{ to: '2026-13-01' }, 'to must be a time that exists'],
    [{ to: '2026-11-01T25:00' }, 'to must be a time that exists'],
    [{ from: '2026-11-01T10:00+99:00' }, 'from must be a time that exists'],
    [{ from: 'yesterday' }, 'from must be a date such as 2026-11-01'],
    [{ from: '2026-11-01[u-ca=hebrew]' }, 'from must be a date such as'],
    [{ from: '' }, 'from must be a date such as'],
    [{ days: 3, from: '2026-11-01' }, "days can't be given together with"],
    [{ days: 3, to: '2026-11-01' }, "days can't be given together with"],
    [{ days: 0 }, 'days must be a whole number from 1 to 3650'],
    [{ days: 3651 }, 'days must be a whole number from 1 to 3650'],
    [{ days: 1.5 }, 'days must be a whole number'],
    [{ from: '2000-01-01' }, 'from must be at most 3650 days before the end'],
    [
      { zone: 'Mars/Olympus' },
      'zone must be a time zone such as Europe/Berlin or UTC, not "Mars/Olympus"',
    ],
    [{ zone: '' }, 'zone must be a time zone'],
  ])('of %j is refused', (words, sentence) => {
    expect(() => between(words)).toThrow(sentence)
  })

  test('of 3650 days with a change of clocks is still one', () => {
    expect(between({ days: 3650 })).toHaveLength(2)
    expect(between({ from: '2016-12-03', to: '2026-11-30', zone: 'Europe/Berlin' })).toHaveLength(2)
  })

  test('is widened to the hours that it touches', () => {
    const { range } = read({ from: '2026-11-01T10:15', to: '2026-11-01T11:01' }) as {
      range: Parameters<typeof wholeHours>[0]
    }
    const wide = wholeHours(range)
    expect(wide.until - wide.from).toBe(2 * HOUR_MS)
    expect(wholeHours(wide)).toEqual(wide)
  })
})

describe('the day of an hour', () => {
  test.each([
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
    'America/Sao_Paulo',
  ])('is that of the clocks in %s', (zone) => {
    const from = Date.parse('2018-09-01T00:00:00Z')
    const until = from + 400 * DAY_MS
    const spans = offsetSpans({ from, until, zone })
    const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' })
    const wrong = []
    for (let hour = from; hour < until; hour += HOUR_MS) {
      const date = dateOf(dayOf(hour, spans))
      if (date !== format.format(hour)) wrong.push([new Date(hour).toISOString(), date])
    }
    expect(wrong).toEqual([])
  })
})
