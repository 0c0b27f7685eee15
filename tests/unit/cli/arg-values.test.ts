import { expect, test } from 'bun:test'
import { integer } from '../../../cli/arg-values.ts'

test('a whole number is digits within its bounds', () => {
  const parse = integer({ min: -5, max: 10 })
  expect(['-5', '0', '007', '10'].map(parse)).toEqual([-5, 0, 7, 10])
  for (const text of ['-6', '11', '', ' 1', '1.0', '1e3', '0x1', '٣', 'Infinity', '1_000']) {
    expect(() => parse(text)).toThrow('must be a whole number from -5 to 10')
  }
  expect(() => integer({ min: 1 })('0')).toThrow('must be a whole number, 1 or more')
  expect(() => integer({ max: 1 })('2')).toThrow('must be a whole number, 1 or less')
  expect(() => integer()('9007199254740993')).toThrow('must be a whole number')
})
