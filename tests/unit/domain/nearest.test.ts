import { expect, test } from 'bun:test'
import { nearest } from '../../../app/domain/nearest.ts'

const names = [
  'json',
  'role',
  'token-hourly',
  'token-daily',
  'description',
  'password-stdin',
  'yes',
  'no-migrate',
]

test('the name that was probably meant is found, and nothing far off is proposed', () => {
  const cases: readonly [typed: string, meant: string | undefined][] = [
    ['role', 'role'],
    ['roles', 'role'],
    ['Role', 'role'],
    ['rloe', 'role'],
    ['jsno', 'json'],
    ['yse', 'yes'],
    ['tokn', 'token-hourly'],
    ['token', 'token-hourly'],
    ['token-day', 'token-daily'],
    ['daily', 'token-daily'],
    ['stdin', 'password-stdin'],
    ['desc', 'description'],
    ['decsription', 'description'],
    ['no-migrat', 'no-migrate'],
    ['', undefined],
    ['x', undefined],
    ['qq', undefined],
    ['frobnicate', undefined],
    ['constructor', undefined],
  ]
  for (const [typed, meant] of cases) expect([typed, nearest(typed, names)]).toEqual([typed, meant])
})

test('with no candidates there is no proposal', () => {
  expect(nearest('role', [])).toBeUndefined()
})

test('a whole name wins over an equally close part of a longer one', () => {
  expect(nearest('tokan', ['token-daily', 'token'])).toBe('token')
})
