import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { charged, drained, holding, roomIn } from '../../../app/domain/bucket.ts'
import { type Limit, UNITS } from '../../../app/domain/limit.ts'
import { type Claim, decide } from '../../../app/limits/decide.ts'
import { isHeld } from '../../../app/limits/limiter.ts'
import { AT, anySituation, claim, limitOf, needing } from './limit-states.ts'

const perHour = limitOf({ amount: 10 })
const perDay = limitOf({ amount: 100, window: 'day' })
const tokens = limitOf({ unit: 'tokens', amount: 1000 })
const dailyTokens = limitOf({ unit: 'tokens', amount: 5000, window: 'day' })
const seconds = limitOf({ unit: 'compute-seconds', amount: 60 })
const slots = limitOf({ unit: 'concurrent-requests', amount: 2, window: 'now' })
const shadow = (limit: Limit): Limit => ({
  ...limit,
  shadow: true,
  bucket: `${limit.bucket} shadow`,
})

const between = (need: number, want: number) => ({ ...needing(), tokens: { need, want } })
const fitted = (claims: readonly Claim[], demands = needing()): boolean[] =>
  decide(claims, demands, AT).after.map((state) => state.fitted)

describe('a request that fits', () => {
  test('is counted at once as a request, and holds of everything else what it was granted', () => {
    const claims = [perHour, perDay, tokens, seconds, slots].map((limit) => claim(limit, 0))
    const { granted, after } = decide(claims, needing({ tokens: 30 }), AT)
    expect(granted).toEqual({
      requests: 1,
      tokens: 30,
      'compute-seconds': 1000,
      'concurrent-requests': 1,
    })
    expect(after.map(({ bucket }) => bucket)).toEqual([
      claim(perHour, 1).bucket,
      claim(perDay, 1).bucket,
      claim(tokens, 0, 30).bucket,
      claim(seconds, 0, 1).bucket,
      claim(slots, 0, 1).bucket,
    ])
  })

  test('is granted all it wants where nothing is limited', () => {
    const { granted } = decide([], between(1, 9_999_999), AT)
    expect(granted).toMatchObject({ requests: 1, tokens: 9_999_999 })
  })

  test.each([
    ['all it wants', 0, 0, 700, 700],
    ['all there is', 300, 0, 900, 700],
    ['all that is neither used nor held', 300, 250, 900, 450],
    ['what the other limit has left', 0, 4400, 900, 600],
    ['no more than it needs when that is all there is', 0, 4990, 900, 10],
  ])('is granted %s', (_, used, other, want, expected) => {
    const claims =
      other > 1000
        ? [claim(tokens, used), claim(dailyTokens, other)]
        : [claim(tokens, used, other), claim(dailyTokens, 0)]
    const { granted, after } = decide(claims, between(10, want), AT)
    expect(granted?.tokens).toBe(expected)
    expect(after.map(({ bucket }, i) => bucket.held - (claims[i]?.bucket.held ?? 0))).toEqual([
      expected,
      expected,
    ])
  })

  test('is granted whole tokens, though parts of one are left', () => {
    const bucket = { ...claim(tokens, 999).bucket, debt: 999 * 360_000 - 1 }
    expect(decide([{ ...claim(tokens, 0), bucket }], between(1, 5), AT).granted?.tokens).toBe(1)
  })
})

describe('a request that does not fit', () => {
  test.each([
    ['into one of two windows', [claim(perHour, 10), claim(perDay, 10)], [false, true]],
    ['beside those that run', [claim(perHour, 0), claim(slots, 0, 2)], [true, false]],
    ['anywhere', [claim(perHour, 10), claim(slots, 0, 2)], [false, false]],
    ['with its tokens', [claim(perHour, 0), claim(tokens, 1000)], [true, false]],
  ])('%s is refused and takes nothing from any limit', (_, claims, expected) => {
    const { granted, after } = decide(claims, needing(), AT)
    expect(granted).toBeNull()
    expect(after.map((state) => state.fitted)).toEqual(expected)
    expect(after.map(({ bucket }) => bucket)).toEqual(claims.map(({ bucket }) => bucket))
  })

  test('is told how full the limits are now, not how full they were', () => {
    const { bucket, shape } = claim(perHour, 10)
    const { after } = decide([claim(perHour, 10), claim(slots, 0, 2)], needing(), AT + 360_000)
    expect(after[0]).toMatchObject({ bucket: drained(bucket, shape, AT + 360_000), fitted: true })
  })

  test('for want of a single token is refused, and with it let in', () => {
    const demands = between(11, 11)
    expect(decide([claim(tokens, 990)], demands, AT).granted).toBeNull()
    expect(decide([claim(tokens, 989)], demands, AT).granted?.tokens).toBe(11)
  })
})

describe('a shadow', () => {
  const full = claim(shadow(perHour), 10)

  test('counts the request that fits', () => {
    const { granted, after } = decide([claim(shadow(perHour), 9)], needing(), AT)
    expect(granted?.requests).toBe(1)
    expect(after).toEqual([{ fitted: true, bucket: full.bucket }])
  })

  test('refuses nobody: it notes who would have been', () => {
    const { granted, after } = decide([full, claim(perDay, 0)], needing(), AT)
    expect(granted?.requests).toBe(1)
    expect(after).toEqual([
      { fitted: false, bucket: { ...full.bucket, refusals: 1 } },
      { fitted: true, bucket: claim(perDay, 1).bucket },
    ])
  })

  test('notes nothing of a request that is refused by another limit', () => {
    expect(fitted([full, claim(slots, 0, 2)])).toEqual([false, false])
    expect(decide([full, claim(slots, 0, 2)], needing(), AT).after[0]?.bucket).toEqual(full.bucket)
  })

  test('makes no grant smaller, and counts all of it when what is needed fits', () => {
    const nearlyFull = claim(shadow(tokens), 900)
    const { granted, after } = decide([nearlyFull, claim(dailyTokens, 0)], between(50, 800), AT)
    expect(granted?.tokens).toBe(800)
    expect(after.map(({ bucket }) => bucket.held)).toEqual([800, 800])
  })
})

describe('whatever is asked of whatever limits', () => {
  test('all limits of a unit give the same, between need and want and never more than there is', () => {
    const property = fc.property(anySituation(), fc.nat(5000), ({ claims, demands, at }, more) => {
      const wishes = Object.fromEntries(
        UNITS.map((unit) => [unit, { need: demands[unit].need, want: demands[unit].need + more }]),
      ) as typeof demands
      const { granted, after } = decide(claims, wishes, at)
      const before = claims.map(({ bucket, shape }) => drained(bucket, shape, at))
      const refusing = claims.filter(({ limit }, i) => !limit.shadow && !after[i]?.fitted)
      expect(granted === null).toBe(refusing.length > 0)
      if (!granted) return expect(after.map(({ bucket }) => bucket)).toEqual(before)
      for (const unit of UNITS) {
        const of = claims.flatMap(({ limit, shape }, i) =>
          limit.unit === unit && !limit.shadow ? [roomIn(before[i] as Claim['bucket'], shape)] : [],
        )
        expect(granted[unit]).toBe(Math.min(wishes[unit].want, ...of))
        expect(granted[unit]).toBeGreaterThanOrEqual(wishes[unit].need)
      }
      claims.forEach(({ limit, shape }, i) => {
        const [was, is] = [before[i] as Claim['bucket'], after[i]]
        const amount = granted[limit.unit]
        const taken = isHeld(limit.unit) ? holding(was, amount) : charged(was, shape, amount)
        const noted = { ...was, refusals: was.refusals + 1 }
        expect(is?.bucket).toEqual(is?.fitted ? taken : noted)
      })
    })
    fc.assert(property, { numRuns: 1000 })
  })

  test('the order of the limits makes no difference', () => {
    fc.assert(
      fc.property(anySituation(), ({ claims, demands, at }) => {
        const one = decide(claims, demands, at)
        const other = decide(claims.toReversed(), demands, at)
        expect(other.granted).toEqual(one.granted)
        expect(other.after.toReversed()).toEqual([...one.after])
      }),
    )
  })
})
