import { expect, test } from 'bun:test'
import { dayChart } from '../../../cli/commands/usage/chart.ts'
import { csvLine } from '../../../cli/commands/usage/csv.ts'

test('a line of CSV keeps its cells apart, and none is a formula', () => {
  expect(csvLine(['a', 1, null, true, 'b"c', 'd,e', 'f\ng'])).toBe(
    'a,1,,true,"b""c","d,e","f\ng"\r\n',
  )
  expect(csvLine(['=1+1', '+1', '-1', '@a', '\ta', -1])).toBe("'=1+1,'+1,'-1,'@a,'\ta,-1\r\n")
  expect(csvLine(['\r=1'])).toBe('"\'\r=1"\r\n')
})

test('a chart by day fits the width and needs no more than ASCII', () => {
  const days = [0, 1, 500, 1000].map((requests, i) => ({ date: `2026-11-0${i + 1}`, requests }))
  const chart = dayChart(days, { width: 40, isPlain: true })
  const lines = chart.split('\n')
  expect(lines[0]).toBe('2026-11-01     0')
  expect(lines[1]).toBe('2026-11-02     1  #')
  expect(lines.map((line) => line.length)).toEqual([16, 19, 29, 40])
  expect(dayChart(days, { width: 40, isPlain: false })).toContain('█')
})
