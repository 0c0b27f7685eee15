import { expect, test } from 'bun:test'
import { parseOptions, UsageError } from './options.ts'

test('without flags everything is measured in five rounds', () => {
  expect(parseOptions([])).toEqual({
    targets: [
      ...['bare', 'nginx', 'parallama', 'openai', 'anthropic'],
      ...['limits-memory', 'limits-redis'],
    ],
    scenarios: [
      ...['quiet', 'aborts', 'logins', 'login-timing', 'access-tokens'],
      ...['redis', 'revocation'],
    ],
    rounds: 5,
    quick: false,
    json: undefined,
  })
})

test('targets keep their order, and scenarios need theirs', () => {
  expect(parseOptions(['--targets', 'nginx,bare', '--quick'])).toMatchObject({
    targets: ['bare', 'nginx'],
    scenarios: [],
    rounds: 2,
  })
  expect(parseOptions(['--targets', 'limits-redis'])?.scenarios).toEqual(['redis', 'revocation'])
  expect(parseOptions(['--targets', 'parallama', '--scenarios', 'aborts,redis'])).toMatchObject({
    scenarios: ['aborts'],
  })
})

test.each([
  [['--target', 'bare']],
  [['--targets', 'caddy']],
  [['--targets', 'bare,openai']],
  [['--scenarios', 'loud']],
  [['--rounds', '0']],
  [['--rounds', 'many']],
  [['extra']],
])('a wrong command line is a usage error: %p', (args) => {
  expect(() => parseOptions(args)).toThrow(UsageError)
})
