import { expect, test } from 'bun:test'
import { isoTime } from '../../../cli/time-text.ts'

test('times are UTC to the second', () => {
  const now = Date.UTC(2026, 10, 22, 21, 48, 3, 999)
  expect(isoTime(now)).toBe('2026-11-22T21:48:03Z')
  expect([isoTime(null), isoTime(undefined), isoTime(Number.NaN), isoTime(9e15)]).toEqual([
    '-',
    '-',
    '-',
    '-',
  ])
})
