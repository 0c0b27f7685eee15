import { describe, expect, test } from 'bun:test'
import type { Limit } from '../../../app/domain/limit.ts'
import type { GatewayError } from '../../../app/errors/gateway-error.ts'
import type { Claim } from '../../../app/limits/decide.ts'
import type { Admission } from '../../../app/limits/limiter.ts'
import { limitReached } from '../../../app/limits/refusal.ts'
import { AT, claim, decisionOn, limitOf, needing, stateOf } from './limit-states.ts'

const tokens = (change: Partial<Limit> = {}): Limit =>
  limitOf({ unit: 'tokens', amount: 1000, ...change })
const concurrency = (amount: number, change: Partial<Limit> = {}): Limit =>
  limitOf({ unit: 'concurrent-requests', window: 'now', amount, ...change })

/** What the decision on these claims says to the request, which it must refuse. */
function refusalOn(claims: readonly Claim[], demands: Admission['demands'], at = AT): GatewayError {
  const decision = decisionOn({ claims, demands, at })
  expect(decision.reservation).toBeNull()
  return limitReached(decision, demands)
}

describe('the message of a refusal', () => {
  test.each<[string, Claim, Admission['demands']]>([
    [
      'limit reached: 1000 tokens per hour through ollama with llama3.2:3b for the role premium; try again in 12 minutes',
      claim(
        tokens({ gateway: 'ollama', model: 'llama3.2:3b', scope: 'role', role: 'premium' }),
        1000,
      ),
      needing({ tokens: 200 }),
    ],
    [
      'limit reached: 1 request per minute; try again in 1 minute',
      claim(limitOf({ window: 'minute', amount: 1 }), 1),
      needing(),
    ],
    [
      'limit reached: 60 requests per minute for this key; try again in 1 second',
      claim(limitOf({ window: 'minute', amount: 60, scope: 'key' }), 60),
      needing(),
    ],
    [
      'limit reached: 2 requests per minute; try again in 30 seconds',
      claim(limitOf({ window: 'minute', amount: 2 }), 2),
      needing(),
    ],
    [
      'limit reached: 1 request per hour; try again in 1 hour',
      claim(limitOf({ amount: 1 }), 1),
      needing(),
    ],
    [
      'limit reached: 10 requests per day for all members of the role team together; try again in 2 hours and 24 minutes',
      claim(limitOf({ window: 'day', scope: 'shared', role: 'team' }), 10),
      needing(),
    ],
    [
      'limit reached: 60 seconds of compute time per hour; try again in 2 minutes',
      claim(limitOf({ unit: 'compute-seconds', amount: 60 }), 61),
      needing(),
    ],
    [
      'limit reached: 4 requests at a time with x:latest; try again when one of them has ended',
      claim(concurrency(4, { model: 'x:latest' }), 0, 4),
      needing(),
    ],
    [
      'limit reached: 1 request at a time; try again when it has ended',
      claim(concurrency(1), 0, 1),
      needing(),
    ],
    [
      'limit reached: 1000 tokens per hour; try again when running requests have ended',
      claim(tokens(), 100, 900),
      needing({ tokens: 200 }),
    ],
    [
      'limit reached: 1000 tokens per hour; this request takes all of it, so try again in 6 minutes',
      claim(tokens(), 100),
      needing({ tokens: 1000 }),
    ],
  ])('is: %s', (expected, refusing, demands) => {
    const err = refusalOn([refusing], demands)
    expect(err.message).toBe(expected)
    expect(err).toMatchObject({ code: 'limit_reached', status: 429 })
  })

  test('names the rule that takes longest, whatever the order, and no shadow', () => {
    const claims = [
      claim(limitOf({ window: 'minute', amount: 2 }), 2),
      claim(limitOf({ window: 'day', amount: 5 }), 5),
      claim(limitOf({ window: 'day', amount: 1, shadow: true }), 1),
      claim(concurrency(1), 0, 1),
    ]
    for (const some of [claims, claims.toReversed()]) {
      const { message } = refusalOn(some, needing())
      expect(message).toBe('limit reached: 5 requests per day; try again in 4 hours and 48 minutes')
    }
  })
})

describe('the headers of a refusal', () => {
  const retryOf = ({ headers }: GatewayError): unknown[] =>
    ['retry-after', 'retry-after-ms', 'x-should-retry'].map((name) => headers[name] ?? null)

  test.each<[string, Claim[], unknown[]]>([
    ['a second', [claim(limitOf({ window: 'minute', amount: 60 }), 60)], ['1', '1000', null]],
    ['part of one', [claim(limitOf({ window: 'minute', amount: 600 }), 600)], ['1', '100', null]],
    ['a minute', [claim(limitOf({ amount: 60 }), 60)], ['60', '60000', null]],
    ['more than a minute', [claim(limitOf({ amount: 59 }), 59)], ['62', '61020', 'false']],
    ['a day', [claim(limitOf({ amount: 1, window: 'day' }), 1)], ['86400', '86400000', 'false']],
    ['who knows how long', [claim(concurrency(1), 0, 1)], ['1', '1000', null]],
    [
      'the longest of several',
      [claim(limitOf({ window: 'minute', amount: 2 }), 2), claim(limitOf({ amount: 2 }), 2)],
      ['1800', '1800000', 'false'],
    ],
  ])('say when to come back: %s', (_, claims, expected) => {
    expect(retryOf(refusalOn(claims, needing()))).toEqual(expected)
  })

  test('say it by the clock, not from the beginning of a tick', () => {
    const { headers } = refusalOn([claim(limitOf({ amount: 60 }), 60)], needing(), AT + 59_996)
    expect(headers).toMatchObject({ 'retry-after': '1', 'retry-after-ms': '4' })
  })

  test('have what every answer says about limits', () => {
    const { headers } = refusalOn([claim(limitOf(), 10)], needing())
    expect(headers).toMatchObject({
      'ratelimit-policy': '"requests-per-hour";q=10;w=3600',
      ratelimit: '"requests-per-hour";r=0;t=360',
      'x-ratelimit-remaining-requests': '0',
    })
  })

  test('ask for a second when the bucket does not tell why the request was refused', () => {
    const states = [stateOf(limitOf(), { used: 1, fitted: false })]
    expect(retryOf(limitReached({ reservation: null, at: AT, states }, needing()))).toEqual([
      '1',
      '1000',
      null,
    ])
  })
})

describe('the details of a refusal', () => {
  test('are the rule, what is left of it, and when the request would be let in', () => {
    const role = { scope: 'role', role: 'premium' } as const
    const limit = tokens({ gateway: 'ollama', model: 'llama3.2:3b', ...role })
    const err = refusalOn(
      [claim(limitOf({ amount: 60 }), 60), claim(limit, 900), claim(concurrency(9), 0)],
      needing({ tokens: 200 }),
    )
    expect(err.details).toEqual({
      limit: {
        unit: 'tokens',
        window: 'hour',
        scope: 'role',
        role: 'premium',
        gateway: 'ollama',
        model: 'llama3.2:3b',
        limit: 1000,
        remaining: 100,
        reset_ms: 360_000,
        reset: new Date(AT + 360_000).toISOString(),
      },
    })
    expect(err.problemDetails).toEqual({
      'violated-policies': ['requests-per-hour', 'tokens-per-hour ollama llama3.2:3b'],
    })
  })

  test('have no time when running requests have to end', () => {
    for (const blocked of [claim(concurrency(4), 0, 4), claim(tokens(), 0, 1000)]) {
      const { limit } = refusalOn([blocked], needing()).details
      expect(limit).toMatchObject({ remaining: 0, reset_ms: null, reset: null })
    }
  })

  test('are two windows away at most, however far a limit was lowered', () => {
    const lowered = tokens({ amount: 1, window: 'day' })
    const { details, headers } = refusalOn([claim(lowered, 1_000_000_000)], needing())
    expect(details.limit).toMatchObject({ reset_ms: 2 * 86_400_000 })
    expect(headers['retry-after']).toBe('172800')
  })
})
