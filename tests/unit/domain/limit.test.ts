import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import {
  bucketName,
  coveringLimits,
  covers,
  effectiveLimits,
  fromBase,
  type Limit,
  type Rule,
  type Scope,
  shapeOf,
  toBase,
  windowMs,
} from '../../../app/domain/limit.ts'

const rule = (change: Partial<Rule> = {}): Rule => ({
  gateway: 'ollama',
  model: 'llama3:latest',
  unit: 'requests',
  window: 'hour',
  amount: 10,
  shadow: false,
  ...change,
})

/** As the rule applies to user 1; `role` is whose it is, if it is a role's. */
function limit(scope: Scope, change: Partial<Rule> = {}, role: string | null = null): Limit {
  const own = rule(change)
  return {
    ...own,
    scope,
    since: 0,
    role,
    holder: scope === 'shared' ? `role:${role}` : 'user:1',
    bucket: bucketName(own, scope === 'key' ? '7' : null),
  }
}

describe('a rule', () => {
  test.each([
    ['requests', 'minute', { capacity: 10, ticks: 60_000, tickMs: 1 }],
    ['tokens', 'hour', { capacity: 10, ticks: 360_000, tickMs: 10 }],
    ['compute-seconds', 'day', { capacity: 10_000, ticks: 864_000, tickMs: 100 }],
    ['concurrent-requests', 'now', { capacity: 10, ticks: 1, tickMs: 1 }],
  ] as const)('about %s by the %s has its bucket', (unit, window, shape) => {
    expect(shapeOf(rule({ unit, window }))).toEqual(shape)
  })

  test('refills over its window', () => {
    expect(windowMs('minute')).toBe(60_000)
    expect(windowMs('hour')).toBe(3_600_000)
    expect(windowMs('day')).toBe(86_400_000)
    expect(windowMs('now')).toBe(0)
  })

  test('counts compute time in milliseconds, and tells whole seconds', () => {
    expect(toBase('compute-seconds', 90)).toBe(90_000)
    expect(fromBase('compute-seconds', 90_999)).toBe(90)
    expect(fromBase('compute-seconds', 999)).toBe(0)
    for (const unit of ['requests', 'tokens', 'concurrent-requests'] as const)
      expect([toBase(unit, 1234), fromBase(unit, 1234)]).toEqual([1234, 1234])
  })

  test.each([
    ['the same gateway and model', {}, true],
    ['any model', { model: '*' }, true],
    ['any gateway', { gateway: '*' }, true],
    ['anything', { gateway: '*', model: '*' }, true],
    ['another gateway', { gateway: 'openai' }, false],
    ['another gateway, any model', { gateway: 'openai', model: '*' }, false],
    ['another model', { model: 'llama3:8b' }, false],
    ['another model, any gateway', { gateway: '*', model: 'llama3:8b' }, false],
  ])('for %s covers a request or not', (_, change, expected) => {
    expect(covers(rule(change), 'ollama', 'llama3:latest')).toBe(expected)
  })

  test('for one model covers no request without one', () => {
    expect(covers(rule(), 'ollama', null)).toBe(false)
    expect(covers(rule({ model: '*' }), 'ollama', null)).toBe(true)
  })

  test('keeps its bucket when its amount changes, and shares it with no other rule', () => {
    const name = bucketName(rule(), null)
    expect(bucketName(rule({ amount: 99 }), null)).toBe(name)
    const others = [
      bucketName(rule(), '7'),
      bucketName(rule(), '8'),
      bucketName(rule({ gateway: '*' }), null),
      bucketName(rule({ model: '*' }), null),
      bucketName(rule({ unit: 'tokens' }), null),
      bucketName(rule({ window: 'day' }), null),
      bucketName(rule({ shadow: true }), null),
    ]
    expect(new Set([name, ...others]).size).toBe(8)
  })
})

test('the limits that cover a request are found once for all requests like it', () => {
  const limits = [limit('user'), limit('user', { model: 'other' }), limit('user', { model: '*' })]
  const covering = coveringLimits(limits, 'ollama', 'llama3:latest')
  expect(covering).toEqual([limits[0] as Limit, limits[2] as Limit])
  expect(coveringLimits(limits, 'ollama', 'llama3:latest')).toBe(covering)
  expect(coveringLimits(limits, 'ollama', null)).toEqual([limits[2] as Limit])
  expect(coveringLimits([...limits], 'openai', 'llama3:latest')).toEqual([])
})

describe('of all rules, a caller is held to', () => {
  const small = limit('role', { amount: 5 }, 'basic')
  const large = limit('role', { amount: 50 }, 'premium')

  test('the largest of their roles', () => {
    expect(effectiveLimits([small, large])).toEqual([large])
    expect(effectiveLimits([large, small])).toEqual([large])
  })

  test.each([1, 5, 20, 500])('their own instead of their roles’, also when it is %p', (amount) => {
    const own = limit('user', { amount })
    expect(effectiveLimits([small, own, large])).toEqual([own])
    expect(effectiveLimits([own, large, small])).toEqual([own])
    expect(effectiveLimits([large, small, own])).toEqual([own])
  })

  test('their roles’ for everything but what they have a rule of their own for', () => {
    const own = limit('user', { window: 'day' })
    const wide = limit('role', { model: '*', amount: 3 }, 'basic')
    expect(new Set(effectiveLimits([small, own, wide]))).toEqual(new Set([small, own, wide]))
  })

  test('their key’s and their roles’ shared ones on top, however many', () => {
    const own = limit('user', { amount: 1 })
    const key = limit('key', { amount: 100 })
    const shared = [limit('shared', { amount: 2 }, 'a'), limit('shared', { amount: 900 }, 'b')]
    const limits = effectiveLimits([large, ...shared, key, own])
    expect(new Set(limits)).toEqual(new Set([own, key, ...shared]))
    expect(limits).toHaveLength(4)
  })

  test('shadows beside what they are shadows of, each chosen for itself', () => {
    const [less, more] = [
      limit('role', { amount: 4, shadow: true }, 'basic'),
      limit('role', { amount: 40, shadow: true }, 'premium'),
    ]
    const own = limit('user', { amount: 7 })
    expect(new Set(effectiveLimits([less, more, small, own]))).toEqual(new Set([own, more]))
    const ownShadow = limit('user', { amount: 1, shadow: true })
    const limits = effectiveLimits([less, more, large, ownShadow])
    expect(new Set(limits)).toEqual(new Set([large, ownShadow]))
  })

  test('nothing when there are none', () => {
    expect(effectiveLimits([])).toEqual([])
  })

  test('the same in whatever order they are read, those of one holder together', () => {
    const anyLimit = fc
      .record({
        scope: fc.constantFrom<Scope>('user', 'key', 'role', 'shared'),
        role: fc.constantFrom('a', 'b', 'c'),
        model: fc.constantFrom('*', 'llama3:latest'),
        window: fc.constantFrom('hour' as const, 'day' as const),
        shadow: fc.boolean(),
        amount: fc.integer({ min: 1, max: 1_000_000 }),
      })
      .map(({ scope, role, ...change }) =>
        limit(scope, change, scope === 'role' || scope === 'shared' ? role : null),
      )
    // One rule of one subject for one thing, as in the table; none as large as another's.
    const limits = fc.uniqueArray(anyLimit, {
      maxLength: 30,
      selector: ({ scope, role, bucket }) => `${scope} ${role} ${bucket}`,
    })
    const shuffled = limits.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    )
    fc.assert(
      fc.property(shuffled, ([all, again]) => {
        fc.pre(new Set(all.map(({ amount }) => amount)).size === all.length)
        const effective = effectiveLimits(all)
        expect(new Set(effectiveLimits(again))).toEqual(new Set(effective))
        const holders = effective.map(({ holder }) => holder)
        expect(holders).toEqual(
          [...new Set(holders)].flatMap((one) => holders.filter((h) => h === one)),
        )
        expect(new Set(effective.map(({ holder, bucket }) => `${holder} ${bucket}`)).size).toBe(
          effective.length,
        )
        const added = all.filter(({ scope }) => scope === 'key' || scope === 'shared')
        expect(effective).toEqual(expect.arrayContaining(added))
      }),
    )
  })
})
