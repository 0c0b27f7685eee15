import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createRefreshTokens } from '../../../app/auth/refresh-token.ts'
import {
  type Presentation,
  present,
  type RefreshFamily,
} from '../../../app/domain/refresh-family.ts'
import { testKeyring } from '../../support/builders.ts'

const RUNS = 10_000
const TERMS = { idleMs: 500, graceMs: 10 }
const LIFE_MS = 2000
const tokens = createRefreshTokens(testKeyring)

const newFamily = (now: number): RefreshFamily => ({
  generation: 0,
  rotatedAt: now,
  idleExpiresAt: now + TERMS.idleMs,
  expiresAt: now + LIFE_MS,
  revokedAt: null,
})

/** What happens to a family: time passes, or somebody presents one of its tokens, or a made-up one. */
type Step =
  | { readonly kind: 'wait'; readonly ms: number }
  /** The token so many generations before the live one, as far as there are so many. */
  | { readonly kind: 'present'; readonly back: number }
  | { readonly kind: 'made up'; readonly generation: number; readonly salt: string }
  | { readonly kind: 'logout' }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.nat(15) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.nat(600) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('present'), back: fc.constantFrom(0, 0, 0, 1, 1, 2) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('made up'),
      generation: fc.nat(5),
      salt: fc.string({ maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('logout') }) },
) as fc.Arbitrary<Step>

/** A server that does as the family says, and an owner who remembers what they were given. */
class History {
  readonly salt = 'the salt of this session'
  now = 1000
  family = newFamily(this.now)
  /** All tokens that were ever given, the newest last. */
  readonly given = [this.mint(0)]
  /** Set when a token was reused outside of its grace, or the session ended. */
  isDead = false
  /** When the newest token was given for the first time. */
  newestSince = this.now

  mint(generation: number): string {
    return tokens.mint({ sessionId: 'Session001', salt: this.salt, generation })
  }

  presentText(text: string): Presentation | null {
    const token = tokens.read(text)
    if (!token?.isGenuine(this.salt)) return null
    const decision = present(this.family, token.generation, this.now, TERMS)
    if (decision.verdict === 'rotate') this.family = decision.next
    if (decision.verdict === 'reuse') this.family = { ...this.family, revokedAt: this.now }
    return decision
  }

  /** What a copy of the server would answer to every token that was ever given. */
  liveTokens(): string[] {
    return this.given.filter((text) => {
      const { generation } = tokens.read(text) ?? { generation: -1 }
      return present(this.family, generation, this.now, TERMS).verdict === 'rotate'
    })
  }
}

function run(history: History, next: Step): void {
  if (next.kind === 'wait') history.now += next.ms
  if (next.kind === 'logout') {
    history.family = { ...history.family, revokedAt: history.family.revokedAt ?? history.now }
    history.isDead = true
  }
  if (next.kind === 'made up') {
    const before = history.family
    const text = tokens.mint({ sessionId: 'Session001', ...next })
    expect(history.presentText(text)).toBeNull()
    expect(history.family).toBe(before)
  }
  if (next.kind === 'present') presentOwn(history, next.back)
}

function presentOwn(history: History, back: number): void {
  const at = Math.max(history.given.length - 1 - back, 0)
  const distance = history.given.length - 1 - at
  const { idleExpiresAt, expiresAt } = history.family
  const isOver = history.isDead || history.now >= Math.min(idleExpiresAt, expiresAt)
  const verdict = history.presentText(history.given[at] ?? '')?.verdict
  if (isOver) {
    expect(verdict).toBe('ended')
    history.isDead = true
  } else if (distance === 0) {
    expect(verdict).toBe('rotate')
    history.given.push(history.mint(history.family.generation))
    history.newestSince = history.now
  } else if (distance === 1 && history.now - history.newestSince < TERMS.graceMs) {
    // The same successor as the first time, not another one.
    expect(verdict).toBe('repeat')
    expect(history.mint(history.family.generation)).toBe(history.given.at(-1) ?? '')
  } else {
    expect(verdict).toBe('reuse')
    history.isDead = true
  }
}

describe('a family of refresh tokens', () => {
  test('has one live token at most, dies of a reuse for ever, and of no made-up token', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), (steps) => {
        const history = new History()
        for (const next of steps) {
          run(history, next)
          const live = history.liveTokens()
          expect(live.length).toBeLessThanOrEqual(1)
          if (live.length > 0) expect(live).toEqual([history.given.at(-1) ?? ''])
          if (history.isDead) expect(live).toEqual([])
          seen.add(history.isDead ? 'dead' : `lived to ${Math.min(history.given.length, 5)}`)
        }
        expect(new Set(history.given).size).toBe(history.given.length)
      }),
      { numRuns: RUNS },
    )
    // Otherwise the property would say nothing.
    expect([...seen].toSorted()).toEqual([
      'dead',
      'lived to 1',
      'lived to 2',
      'lived to 3',
      'lived to 4',
      'lived to 5',
    ])
  })

  test('gives the same successor until its grace is over, to the millisecond', () => {
    const family = { ...newFamily(0), generation: 1, rotatedAt: 100 }
    expect(present(family, 0, 109, TERMS).verdict).toBe('repeat')
    expect(present(family, 0, 110, TERMS).verdict).toBe('reuse')
    expect(present({ ...family, generation: 2 }, 0, 101, TERMS).verdict).toBe('reuse')
    expect(present(family, 5, 101, TERMS).verdict).toBe('reuse')
  })

  test('ends when nobody uses it, and in any case at its end', () => {
    const family = newFamily(0)
    expect(present(family, 0, 499, TERMS)).toMatchObject({ next: { idleExpiresAt: 999 } })
    expect(present(family, 0, 500, TERMS).verdict).toBe('ended')
    const old = { ...family, idleExpiresAt: 2000 }
    expect(present(old, 0, 1999, TERMS)).toMatchObject({ next: { idleExpiresAt: 2000 } })
    expect(present(old, 0, 2000, TERMS).verdict).toBe('ended')
    expect(present({ ...family, revokedAt: 1 }, 0, 2, TERMS).verdict).toBe('ended')
    expect(present({ ...family, revokedAt: 1 }, 7, 2, TERMS).verdict).toBe('ended')
  })
})
