import { describe, expect, test } from 'bun:test'
import type { Limit } from '../../../app/domain/limit.ts'
import { limitHeaders } from '../../../app/limits/headers.ts'
import type { LimitState } from '../../../app/limits/limiter.ts'
import { AT, limitOf, needing, stateOf } from './limit-states.ts'
import { type Item, itemsOf } from './structured-fields.ts'

const limitsOf = (states: readonly LimitState[], at = AT): Item[] =>
  itemsOf(limitHeaders(states, at), 'ratelimit')

const tokens = (change: Partial<Limit> = {}): Limit =>
  limitOf({ unit: 'tokens', amount: 1000, ...change })
const compute = limitOf({ unit: 'compute-seconds', amount: 60 })
const concurrency = limitOf({ unit: 'concurrent-requests', window: 'now', amount: 4 })

describe('RateLimit-Policy', () => {
  test.each<[Partial<Limit>, string]>([
    [{}, '"requests-per-hour";q=10;w=3600'],
    [{ window: 'minute', amount: 1 }, '"requests-per-minute";q=1;w=60'],
    [{ window: 'day', gateway: 'ollama' }, '"requests-per-day ollama";q=10;w=86400'],
    [{ model: 'llama3.2:3b' }, '"requests-per-hour llama3.2:3b";q=10;w=3600'],
    [
      { gateway: 'ollama', model: 'llama3.2:3b' },
      '"requests-per-hour ollama llama3.2:3b";q=10;w=3600',
    ],
    [
      { unit: 'tokens', amount: 10_000_000_000 },
      '"tokens-per-hour";q=10000000000;qu="tokens";w=3600;parallama-unit="tokens"',
    ],
    [
      { unit: 'compute-seconds', window: 'day' },
      '"compute-seconds-per-day";q=10;qu="compute-seconds";w=86400;parallama-unit="compute-seconds"',
    ],
    [
      { unit: 'concurrent-requests', window: 'now' },
      '"concurrent-requests";q=10;qu="concurrent-requests"',
    ],
    [{ scope: 'key' }, '"requests-per-hour key";q=10;w=3600'],
    [{ scope: 'role', role: 'premium' }, '"requests-per-hour";q=10;w=3600'],
    [{ scope: 'shared', role: 'team' }, '"requests-per-hour role team";q=10;w=3600'],
    [
      { scope: 'shared', role: 'my "a\\b" é%' },
      '"requests-per-hour role my %22a%5Cb%22 %C3%A9%25";q=10;w=3600',
    ],
    [
      { scope: 'shared', role: 'a\r\nb: c\ud800' },
      '"requests-per-hour role a%0D%0Ab: c%EF%BF%BD";q=10;w=3600',
    ],
  ])('of %j is %s', (change, expected) => {
    const headers = limitHeaders([stateOf(limitOf(change))], AT)
    expect(headers['ratelimit-policy']).toBe(expected)
    expect(itemsOf(headers, 'ratelimit-policy')).toHaveLength(1)
  })

  test('says the same whatever is left, and names the same limits as RateLimit', () => {
    const limits = [limitOf(), tokens({ model: 'x:latest' }), compute, concurrency]
    const before = limitHeaders(
      limits.map((limit) => stateOf(limit)),
      AT,
    )
    const after = limitHeaders(
      limits.map((limit) => stateOf(limit, { used: 3 })),
      AT + 1,
    )
    expect(after['ratelimit-policy']).toBe(String(before['ratelimit-policy']))
    const named = itemsOf(after, 'ratelimit-policy').map(([name]) => name)
    expect(itemsOf(after, 'ratelimit').map(([name]) => name)).toEqual(named)
  })

  test('tells limits apart that would have the same name', () => {
    const one = limitOf({ scope: 'shared', role: '\ud800' })
    const other = limitOf({ scope: 'shared', role: '\udfff' })
    const third = limitOf({ scope: 'shared', role: '\ufffd (2)' })
    const names = limitsOf([one, third, other, one].map((limit) => stateOf(limit))).map(([n]) => n)
    const name = 'requests-per-hour role %EF%BF%BD'
    expect(names).toEqual([name, `${name} (2)`, `${name} (3)`, `${name} (4)`])
  })
})

describe('RateLimit', () => {
  test.each<[string, LimitState, Item[1]]>([
    ['of a full limit has no time', stateOf(limitOf()), { r: 10 }],
    ['has the time until one more', stateOf(limitOf(), { used: 3 }), { r: 7, t: 360 }],
    ['has it also when nothing is left', stateOf(limitOf(), { used: 10 }), { r: 0, t: 360 }],
    ['waits longer when too much was used', stateOf(limitOf(), { used: 12 }), { r: 0, t: 1080 }],
    ['rounds the time up', stateOf(tokens(), { used: 1 }), { r: 999, t: 4 }],
    ['does not offer what is reserved', stateOf(tokens(), { held: 300 }), { r: 700 }],
    ['is never negative', stateOf(tokens(), { used: 900, held: 300 }), { r: 0, t: 724 }],
    ['counts compute time in seconds', stateOf(compute, { used: 1.001 }), { r: 58, t: 1 }],
    ['waits for whole seconds', stateOf(compute, { used: 1 }), { r: 59, t: 60 }],
    ['of concurrency has no time', stateOf(concurrency, { held: 3 }), { r: 1 }],
  ])('%s', (_, state, expected) => {
    expect(limitsOf([state])[0]?.[1]).toEqual(expected)
  })

  test('has a time that shrinks as it passes, and is never over too early', () => {
    const times = [0, 9, 10, 359_000, 359_001, 359_999].map((later) => {
      const [item] = limitsOf([stateOf(limitOf(), { used: 3 })], AT + later)
      return item?.[1].t
    })
    expect(times).toEqual([360, 360, 360, 1, 1, 1])
  })

  test('of a refusal has the time until this request fits, for those that refused and no other', () => {
    const states = [
      stateOf(limitOf(), { used: 3 }),
      stateOf(tokens(), { used: 900, fitted: false }),
      stateOf(concurrency, { held: 4, fitted: false }),
    ]
    const items = itemsOf(limitHeaders(states, AT, needing({ tokens: 500 })), 'ratelimit')
    expect(items.map(([, parameters]) => parameters)).toEqual([
      { r: 7 },
      { r: 100, t: 1440 },
      { r: 0 },
    ])
  })

  test('of what was let in past a shadow that did not fit is that of any other', () => {
    const states = [
      stateOf(limitOf(), { used: 3 }),
      stateOf(limitOf({ shadow: true, amount: 1 }), { used: 1, fitted: false }),
    ]
    expect(limitHeaders(states, AT, needing())).toEqual(limitHeaders(states.slice(0, 1), AT))
  })
})

describe('the headers of OpenAI', () => {
  test.each<[number, string]>([
    [0, '0s'],
    [1, '4s'],
    [100, '6m0s'],
    [101, '6m4s'],
    [1000, '1h0m0s'],
    [1017, '1h1m2s'],
    [30_000, '30h0m0s'],
  ])('tell when %d used tokens of 1000 an hour are there again: %s', (used, expected) => {
    const headers = limitHeaders([stateOf(tokens(), { used })], AT)
    expect(headers).toMatchObject({
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-remaining-tokens': String(Math.max(0, 1000 - used)),
      'x-ratelimit-reset-tokens': expected,
    })
  })

  test('tell times below a second in ms', () => {
    const limit = tokens({ window: 'minute', amount: 60_000 })
    const headers = limitHeaders([stateOf(limit, { used: 120 })], AT)
    expect(headers['x-ratelimit-reset-tokens']).toBe('120ms')
  })

  test('take it that what is reserved will be used', () => {
    const headers = limitHeaders([stateOf(tokens(), { used: 100, held: 400 })], AT)
    expect(headers).toMatchObject({
      'x-ratelimit-remaining-tokens': '500',
      'x-ratelimit-reset-tokens': '30m0s',
    })
  })

  test('are about the limit with the least left, then about the one that takes longest', () => {
    const states = [
      stateOf(limitOf({ amount: 10 }), { used: 1 }),
      stateOf(limitOf({ amount: 9, window: 'minute' }), { used: 2 }),
      stateOf(limitOf({ amount: 8, window: 'day' }), { used: 1 }),
      stateOf(limitOf({ amount: 7 })),
    ]
    const expected = {
      'x-ratelimit-limit-requests': '8',
      'x-ratelimit-remaining-requests': '7',
      'x-ratelimit-reset-requests': '3h0m0s',
    }
    expect(limitHeaders(states, AT)).toMatchObject(expected)
    expect(limitHeaders(states.toReversed(), AT)).toMatchObject(expected)
  })

  test('are not there for units that have no limit', () => {
    expect(Object.keys(limitHeaders([stateOf(compute), stateOf(concurrency)], AT))).toEqual([
      'ratelimit-policy',
      'ratelimit',
    ])
    expect(limitHeaders([stateOf(limitOf())], AT)).not.toContainKey('x-ratelimit-limit-tokens')
  })
})

test('there are no headers without limits, and none for shadows', () => {
  expect(limitHeaders([], AT)).toEqual({})
  expect(limitHeaders([stateOf(limitOf({ shadow: true }))], AT)).toEqual({})
})
