import { describe, expect, test } from 'bun:test'
import { bucketName, type Limit, type Rule } from '../../../app/domain/limit.ts'
import { createBrokenLimiter } from '../../../app/limits/broken-limiter.ts'
import { createMemoryLimiter } from '../../../app/limits/memory-limiter.ts'
import { createClock } from '../support/clock.ts'
import { chatRequest, createGuardedApp } from '../support/guarded-app.ts'
import { principal } from '../support/principal.ts'

const limitOf = (rule: Partial<Rule>): Limit => {
  const whole: Rule = {
    gateway: 'ollama',
    model: '*',
    unit: 'requests',
    window: 'day',
    amount: 1,
    shadow: false,
    ...rule,
  }
  return {
    ...whole,
    scope: 'user',
    since: 0,
    role: null,
    holder: 'user:1',
    bucket: bucketName(whole, null),
  }
}

const limited = (...rules: Partial<Rule>[]) => principal({ limits: rules.map(limitOf) })

describe('the limits of a request', () => {
  test('are asked after the model and before the ledger', async () => {
    const { send, steps } = createGuardedApp({ principal: limited({ amount: 1 }) })
    expect((await send(chatRequest())).status).toBe(200)
    expect((await send(chatRequest())).status).toBe(429)
    expect(steps).toEqual(['verify', 'locate', 'ledger', 'admit', 'handle', 'verify', 'locate'])
  })

  test('are those of its gateway and its model', async () => {
    const who = limited(
      { gateway: 'openai' },
      { model: 'other:latest' },
      { model: 'llama3:latest' },
    )
    const { send } = createGuardedApp({ principal: who })
    const { headers } = await send(chatRequest())
    expect(headers.get('ratelimit')).toStartWith('"requests-per-day ollama llama3:latest";r=0')
    expect(headers.get('ratelimit')).not.toContain(', ')
  })

  test('are not asked for what makes no tokens, nor for who has none', async () => {
    const limiter = createBrokenLimiter()
    const change = { body: null, model: null, work: null }
    const listing = createGuardedApp({ principal: limited({}), limiter }, change)
    expect((await listing.send(chatRequest())).status).toBe(200)
    const free = createGuardedApp({ principal: limited(), limiter })
    expect((await free.send(chatRequest())).headers.has('ratelimit')).toBe(false)
  })

  test('that cannot be checked let nobody through', async () => {
    const limiter = createBrokenLimiter()
    const { send, steps } = createGuardedApp({ principal: limited({}), limiter })
    expect((await send(chatRequest())).status).toBe(503)
    expect(steps).not.toContain('handle')
  })

  test('are given back when the ledger has no room for the request', async () => {
    const limiter = createMemoryLimiter({ clock: createClock() })
    const who = limited({ amount: 1 }, { unit: 'concurrent-requests', window: 'now', amount: 1 })
    const full = createGuardedApp({ principal: who, limiter, ledgerHasRoom: false })
    expect((await full.send(chatRequest())).status).toBe(503)
    const open = createGuardedApp({ principal: who, limiter })
    expect((await open.send(chatRequest())).status).toBe(200)
  })

  test('are told with an answer that fails, too', async () => {
    const app = createGuardedApp({ principal: limited({ amount: 5 }) })
    app.state.handler = () => Promise.reject(new Error('boom'))
    const response = await app.send(chatRequest())
    expect(response.status).toBe(500)
    expect(response.headers.get('ratelimit')).toStartWith('"requests-per-day ollama";r=4')
  })
})
