import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { bar, percent } from '../../../cli/commands/ratelimit/bars.ts'

const fullCells = (text: string): number => [...text].filter((cell) => cell === '█').length

describe('a bar', () => {
  test('shows what is used of a limit', () => {
    const cases: [used: number, limit: number, shown: string][] = [
      [0, 1000, '░░░░░░░░░░░░   0 %'],
      [1, 1000, '█░░░░░░░░░░░   1 %'],
      [670, 1000, '████████░░░░  67 %'],
      [999, 1000, '███████████░  99 %'],
      [1000, 1000, '████████████ 100 %'],
      [2500, 1000, '████████████ 250 %'],
      [10_000_000_000, 1, '████████████ 999 %'],
    ]
    for (const [used, limit, shown] of cases)
      expect([used, `${bar(used, limit, 12)} ${percent(used, limit)}`]).toEqual([used, shown])
  })

  test('is as wide as it should be, empty only at nothing, full only when nothing is left', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3_000_000_000 }),
        fc.integer({ min: 1, max: 1_000_000_000 }),
        fc.integer({ min: 2, max: 40 }),
        (used, limit, cells) => {
          const shown = bar(used, limit, cells)
          expect(Bun.stringWidth(shown)).toBe(cells)
          expect(fullCells(shown) === 0).toBe(used === 0)
          expect(fullCells(shown) === cells).toBe(used >= limit)
          expect(percent(used, limit)).toMatch(/^[ \d]{2}\d %$/)
          expect(percent(used, limit) === '  0 %').toBe(used === 0)
          expect(Number.parseInt(percent(used, limit), 10) >= 100).toBe(used >= limit)
        },
      ),
    )
  })

  test('never grows shorter when more is used', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 0, max: 100_000 }),
        fc.integer({ min: 1, max: 100_000 }),
        (limit, used, more) => {
          const lengths = [used, used + more].map((amount) => fullCells(bar(amount, limit, 12)))
          expect(lengths[1]).toBeGreaterThanOrEqual(lengths[0] ?? 0)
        },
      ),
    )
  })
})
