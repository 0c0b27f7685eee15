import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Rule, toBase, UNITS } from '../../../app/domain/limit.ts'
import { createMemoryLimiter } from '../../../app/limits/memory-limiter.ts'
import { createReplay, type PastRequest } from '../../../app/limits/replay.ts'
import { createClock } from '../support/clock.ts'

const AT = 1_700_000_000_000
const MINUTE_MS = 60_000

const ruleOf = (change: Partial<Rule> = {}): Rule => ({
  gateway: '*',
  model: '*',
  unit: 'requests',
  window: 'minute',
  amount: 2,
  shadow: false,
  ...change,
})

const request = (startMs: number, endMs: number, amount = 1): PastRequest => ({
  startedAt: AT + startMs,
  endedAt: AT + endMs,
  amount,
})

/** What each request got: `in`, or how long after its start it would have been let in, in ms. */
const answersTo = (rule: Rule, requests: readonly PastRequest[]) => {
  const replay = createReplay(rule)
  return requests.map((each) => {
    const refusal = replay.offer(each)
    if (!refusal) return 'in'
    return refusal.letInAt === null ? 'never' : refusal.letInAt - each.startedAt
  })
}

describe('a replayed rule', () => {
  test('refuses what does not fit, says when it would have, and charges nothing for it', () => {
    const requests = [0, 0, 10_000, 30_000, 30_000].map((at) => request(at, at + 100))
    expect(answersTo(ruleOf(), requests)).toEqual(['in', 'in', 20_000, 'in', 30_000])
  })

  test('holds what a request used until it ends, and refills only from then on', () => {
    const tokens = ruleOf({ unit: 'tokens', amount: 60 })
    const requests = [
      request(0, 30_000, 60),
      request(10_000, 11_000, 1),
      request(31_000, 32_000, 1),
    ]
    expect(answersTo(tokens, requests)).toEqual(['in', 21_000, 'in'])
  })

  test('lets in at the end of those that run, when it is only them that are in the way', () => {
    const concurrent = ruleOf({ unit: 'concurrent-requests', window: 'now', amount: 2 })
    const requests = [request(0, 5000), request(0, 3000), request(1000, 9000), request(3000, 4000)]
    expect(answersTo(concurrent, requests)).toEqual(['in', 'in', 2000, 'in'])
  })

  test('never lets in what alone is more than the limit', () => {
    const seconds = ruleOf({ unit: 'compute-seconds', amount: 1 })
    expect(answersTo(seconds, [request(0, 2000, 1001), request(0, 2000, 1000)])).toEqual([
      'never',
      'in',
    ])
  })

  test('takes a request that ended before it began as one that ended at once', () => {
    const concurrent = ruleOf({ unit: 'concurrent-requests', window: 'now', amount: 1 })
    expect(answersTo(concurrent, [request(0, -5000), request(0, 10)])).toEqual(['in', 'in'])
  })

  test('decides as the limiter does that serves requests', async () => {
    await fc.assert(
      fc.asyncProperty(anyPast(), async ({ rule, requests }) => {
        const replay = createReplay(rule)
        const limiter = createLimiter(rule)
        for (const each of requests) {
          const answer = replay.offer(each)
          expect([each, answer === null]).toEqual([each, await limiter(each)])
        }
      }),
      { numRuns: 300 },
    )
  })

  test('lets in at the moment it names and not a millisecond before', () => {
    fc.assert(
      fc.property(anyPast(), ({ rule, requests }) => {
        const refused = requests.findIndex((_, i) => !isLetIn(rule, requests.slice(0, i + 1)))
        const before = requests.slice(0, refused)
        const last = requests[refused]
        if (!last) return
        const replay = createReplay(rule)
        for (const each of before) replay.offer(each)
        const letInAt = replay.offer(last)?.letInAt ?? null
        if (letInAt === null)
          return expect(last.amount).toBeGreaterThan(toBase(rule.unit, rule.amount))
        expect(letInAt).toBeGreaterThan(last.startedAt)
        const at = (startedAt: number) =>
          isLetIn(rule, [...before, { ...last, startedAt, endedAt: startedAt }])
        expect([at(letInAt - 1), at(letInAt)]).toEqual([false, true])
      }),
      { numRuns: 300 },
    )
  })
})

const isLetIn = (rule: Rule, requests: readonly PastRequest[]): boolean =>
  answersTo(rule, requests).at(-1) === 'in'

const anyRule = () =>
  fc
    .record({
      unit: fc.constantFrom(...UNITS),
      window: fc.constantFrom('minute' as const, 'hour' as const, 'day' as const),
      amount: fc.integer({ min: 1, max: 20 }),
    })
    .map(({ unit, window, amount }) =>
      ruleOf({ unit, amount, window: unit === 'concurrent-requests' ? 'now' : window }),
    )

/** A rule and requests in the order in which they start, some of them more than it allows. */
const anyPast = () =>
  fc
    .record({
      rule: anyRule(),
      requests: fc.array(
        fc.record({
          afterMs: fc.integer({ min: 0, max: 2 * MINUTE_MS }),
          tookMs: fc.integer({ min: 0, max: 3 * MINUTE_MS }),
          share: fc.integer({ min: 0, max: 120 }),
        }),
        { maxLength: 30 },
      ),
    })
    .map(({ rule, requests }) => {
      const counts = rule.unit === 'requests' || rule.unit === 'concurrent-requests'
      const percent = toBase(rule.unit, rule.amount) / 100
      let at = AT
      return {
        rule,
        requests: requests.map(({ afterMs, tookMs, share }) => {
          at += afterMs
          const amount = counts ? 1 : Math.ceil(share * percent)
          return { startedAt: at, endedAt: at + tookMs, amount }
        }),
      }
    })

/** The limiter of the server, told in order when requests start and end; whether each is let in. */
function createLimiter(rule: Rule): (request: PastRequest) => Promise<boolean> {
  const clock = createClock(AT)
  const limiter = createMemoryLimiter({ clock })
  const limits = [
    { ...rule, scope: 'user', since: 0, role: null, holder: 'user:1', bucket: 'all' } as const,
  ]
  const running: { readonly endsAt: number; readonly end: () => void }[] = []
  let id = 0
  const goTo = (at: number) => clock.advance(at - clock.now())

  return async ({ startedAt, endedAt, amount }) => {
    running.sort((a, b) => a.endsAt - b.endsAt)
    while (running[0] && running[0].endsAt <= startedAt) {
      goTo(running[0].endsAt)
      running.shift()?.end()
    }
    goTo(startedAt)
    const demand = { need: amount, want: amount }
    const nothing = { need: 0, want: 0 }
    const demands = {
      requests: nothing,
      tokens: nothing,
      'compute-seconds': nothing,
      'concurrent-requests': nothing,
      [rule.unit]: demand,
    }
    const { reservation } = await limiter.admit({ id: `${id++}`, limits, demands })
    if (!reservation) return false
    running.push({
      endsAt: endedAt,
      end: () =>
        limiter.settle(reservation, {
          requests: 1,
          tokens: amount,
          'compute-seconds': amount,
          'concurrent-requests': 0,
        }),
    })
    return true
  }
}
