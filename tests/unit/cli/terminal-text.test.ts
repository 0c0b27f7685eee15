import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { json, visible, visibleLines } from '../../../cli/terminal-text.ts'

test('whatever could act on a terminal becomes a visible escape', () => {
  const cases: readonly [text: string, shown: string][] = [
    ['anna', 'anna'],
    ['日本太郎 👩‍👩‍👧 naïve', '日本太郎 👩‍👩‍👧 naïve'],
    ['\u001b[31mred\u001b[0m', '\\x1b[31mred\\x1b[0m'],
    ['\u001b]0;title\u0007', '\\x1b]0;title\\x07'],
    ['a\r\nb\tc', 'a\\r\\nb\\tc'],
    ['\u0000\u007f\u009b', '\\x00\\x7f\\x9b'],
    ['\u202a\u202b\u202c\u202d\u202e', '\\u202a\\u202b\\u202c\\u202d\\u202e'],
    ['\u2066\u2067\u2068\u2069', '\\u2066\\u2067\\u2068\\u2069'],
    ['\u061c\u200e\u200f\u2028\u2029', '\\u061c\\u200e\\u200f\\u2028\\u2029'],
    ['lone \ud800 half', 'lone \\ud800 half'],
  ]
  for (const [text, shown] of cases) expect(visible(text)).toBe(shown)
})

test('a message keeps its line breaks and nothing else', () => {
  expect(visibleLines('one\ntwo\r\u001b[A')).toBe('one\ntwo\\r\\x1b[A')
})

test('JSON shows no control characters and still parses to the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const text = json(value)
      expect(text).toEndWith('\n')
      expect(text).not.toMatch(/[^\P{Cc}\n]|[\u200e\u200f\u2028-\u202e\u2066-\u2069]/u)
      expect(JSON.stringify(JSON.parse(text))).toBe(JSON.stringify(value))
    }),
  )
})

test('JSON carries big integers, exactly', () => {
  expect(JSON.parse(json({ small: 5n, large: 2n ** 64n }))).toEqual({
    small: 5,
    large: '18446744073709551616',
  })
  expect(json(undefined)).toBe('null\n')
})
