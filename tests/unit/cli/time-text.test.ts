import { expect, test } from 'bun:test'
import { isoTime, relativeTime } from '../../../cli/time-text.ts'

test('times are UTC to the second, and distances whole units', () => {
  const now = Date.UTC(2026, 10, 22, 21, 48, 3, 999)
  expect(isoTime(now)).toBe('2026-11-22T21:48:03Z')
  expect([isoTime(null), isoTime(undefined), isoTime(Number.NaN), isoTime(9e15)]).toEqual([
    '-',
    '-',
    '-',
    '-',
  ])
  const cases: readonly [offsetMs: number, text: string][] = [
    [0, 'now'],
    [-999, 'now'],
    [-1_000, '1s ago'],
    [-119_000, '1m ago'],
    [-3_600_000, '1h ago'],
    [-86_400_000 * 400, '400d ago'],
    [2 * 86_400_000, 'in 2d'],
  ]
  for (const [offsetMs, text] of cases) expect(relativeTime(now + offsetMs, now)).toBe(text)
  expect(relativeTime(null, now)).toBe('never')
})
