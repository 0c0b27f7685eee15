import { describe, expect, test } from 'bun:test'
import { type PeriodWords, readPeriod } from '../../../app/domain/report-period.ts'

const NOW = Date.parse('2026-11-15T10:20:30Z')
const read = (words: Partial<PeriodWords>) => readPeriod({ zone: 'UTC', ...words }, NOW)
const period = (words: Partial<PeriodWords>) => {
  const result = read(words)
  if (result.mistake) throw new Error(result.mistake.message)
  const { from, until, title } = result.period
  return [new Date(from).toISOString(), new Date(until).toISOString(), title]
}

describe('the time of a report', () => {
  test('is the month that it is now when nothing is said', () => {
    expect(period({})).toEqual([
      '2026-11-01T00:00:00.000Z',
      '2026-12-01T00:00:00.000Z',
      'November 2026',
    ])
  })

  test('is a month of its time zone, one with a change of clocks too', () => {
    expect(period({ month: '2026-10', zone: 'Europe/Berlin' })).toEqual([
      '2026-09-30T22:00:00.000Z',
      '2026-10-31T23:00:00.000Z',
      'October 2026',
    ])
  })

  test('leaves no hour in two months where a zone is half an hour off', () => {
    const [, octoberEnds] = period({ month: '2026-10', zone: 'Asia/Kolkata' })
    const [novemberBegins] = period({ month: '2026-11', zone: 'Asia/Kolkata' })
    expect(octoberEnds).toBe('2026-10-31T18:00:00.000Z')
    expect(novemberBegins).toBe(octoberEnds)
  })

  test('can be from a day to a day, both included', () => {
    expect(period({ from: '2026-11-01', to: '2026-11-07' })).toEqual([
      '2026-11-01T00:00:00.000Z',
      '2026-11-08T00:00:00.000Z',
      '2026-11-01 to 2026-11-07',
    ])
  })

  test('has the hour in it that it is now', () => {
    expect(period({ from: '2026-11-15' })[1]).toBe('2026-11-15T11:00:00.000Z')
  })

  test('can be from an hour to an hour, in any spelling', () => {
    const title = '2026-11-01 to 2026-11-01'
    const whole = ['2026-11-01T10:00:00.000Z', '2026-11-01T12:00:00.000Z', title]
    expect(period({ from: '2026-11-01T10:00', to: '2026-11-01 12:00:00' })).toEqual(whole)
    expect(
      period({ from: '2026-11-01T15:30', to: '2026-11-01T17:30', zone: 'Asia/Kolkata' }),
    ).toEqual(whole)
  })

  test('is never an empty one, from an hour to a day of half an hour less', () => {
    const words = { from: '2026-11-01T18:00Z', to: '2026-11-01', zone: 'Asia/Kolkata' }
    const message = 'must be an hour or more after the beginning: a report has whole hours'
    expect(read(words)).toEqual({ mistake: { field: 'to', message } })
    expect(period({ ...words, from: '2026-11-01T17:00Z' }).slice(0, 2)).toEqual([
      '2026-11-01T17:00:00.000Z',
      '2026-11-01T18:00:00.000Z',
    ])
  })

  test.each<[Partial<PeriodWords>, string, string]>([
    [
      { from: '2026-11-01T10:10', to: '2026-11-01T10:50' },
      'from',
      'must be a whole hour of UTC, such as 2026-11-01T10:00Z: a report has whole hours',
    ],
    [
      { from: '2026-11-01T10:00', to: '2026-11-01T12:50' },
      'to',
      'must be a whole hour of UTC, such as 2026-11-01T13:00Z: a report has whole hours',
    ],
    [
      { to: '2026-11-01T10:00', zone: 'Asia/Kolkata' },
      'to',
      'must be a whole hour of UTC, such as 2026-11-01T05:00Z: a report has whole hours',
    ],
    [
      { from: '2026-11-01T10:00:00.001Z' },
      'from',
      'must be a whole hour of UTC, such as 2026-11-01T10:00Z: a report has whole hours',
    ],
    [{ month: 'november' }, 'month', 'must be a month such as 2026-11'],
    [{ month: '2026-13' }, 'month', 'must be a month such as 2026-11, not 2026-13'],
    [{ month: '2026-12' }, 'month', 'must have begun, which 2026-12 has not'],
    [
      { month: '2026-11', from: '2026-11-01' },
      'month',
      "can't be given together with a beginning or an end",
    ],
    [{ zone: 'Mars' }, 'zone', 'must be a time zone such as Europe/Berlin or UTC, not "Mars"'],
    [
      { from: '2026-11-07', to: '2026-11-01' },
      'to',
      'must be after the beginning: the range ends before it begins',
    ],
  ])('is none for %p', (words, field, message) => {
    expect(read(words)).toEqual({ mistake: { field, message } as never })
  })
})
