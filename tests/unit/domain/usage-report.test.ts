import { describe, expect, test } from 'bun:test'
import type { CostTerms } from '../../../app/domain/cost.ts'
import { reportLines, rounded, type UsedModel } from '../../../app/domain/usage-report.ts'

const MINUTE_MS = 60_000
const FREE: CostTerms = { watts: null, pricePerKwh: null, currency: '', prices: new Map() }
const PRICED: CostTerms = { ...FREE, watts: 300, pricePerKwh: 0.3 }

const used = (changes: Partial<UsedModel>): UsedModel => ({
  userId: 'u1',
  model: 'llama3:latest',
  requests: 1,
  promptTokens: 10,
  completionTokens: 20,
  computeMs: MINUTE_MS,
  coldLoads: 1,
  coldLoadMs: 30_000,
  queueMs: 6000,
  ...changes,
})

const people = new Map([
  ['u1', { name: 'anna', roles: ['basic', 'research'] }],
  ['u2', { name: 'bob', roles: ['basic'] }],
])

describe('a report', () => {
  test('tells use by user, role and model in units that people know, the busiest first', () => {
    const rows = [
      used({}),
      used({ model: 'qwen3:8b', computeMs: 5 * MINUTE_MS }),
      used({ userId: 'u2', computeMs: 60 * MINUTE_MS }),
    ]
    const { users, roles, models, total } = reportLines(rows, people, FREE)
    expect(users.map(({ name, gpuHours, roles }) => [name, gpuHours, roles])).toEqual([
      ['bob', 1, ['basic']],
      ['anna', 0.1, ['basic', 'research']],
    ])
    expect(roles.map(({ name, gpuHours }) => [name, gpuHours])).toEqual([
      ['basic', 1.1],
      ['research', 0.1],
    ])
    expect(models.map(({ name, requests }) => [name, requests])).toEqual([
      ['llama3:latest', 2],
      ['qwen3:8b', 1],
    ])
    expect(total).toEqual({
      name: 'Total',
      requests: 3,
      promptTokens: 30,
      completionTokens: 60,
      gpuHours: 1.1,
      coldLoads: 3,
      coldLoadMinutes: 1.5,
      queueMinutes: 0.3,
      kwh: null,
      cost: null,
    })
  })

  test('sums up before it rounds', () => {
    const rows = Array.from({ length: 1000 }, (_, i) =>
      used({ userId: `u${i}`, computeMs: 1700, queueMs: 100, coldLoadMs: 100 }),
    )
    const { users, total } = reportLines(rows, people, PRICED)
    expect([users[0]?.cost, users[0]?.queueMinutes]).toEqual([0, 0])
    expect(total).toMatchObject({ cost: 0.04, kwh: 0.142, gpuHours: 0.472, queueMinutes: 1.7 })
  })

  test('is the same of what comes in several parts', () => {
    const parts = Array.from({ length: 60 }, (_, i) =>
      used({ userId: `u${i % 2}`, model: `m${i % 3}`, computeMs: 1700 * i, queueMs: i }),
    )
    const whole = Array.from({ length: 6 }, (_, i) => {
      const own = parts.filter(
        ({ userId, model }) => userId === `u${i % 2}` && model === `m${i % 3}`,
      )
      const sum = (name: 'computeMs' | 'queueMs') => own.reduce((all, row) => all + row[name], 0)
      return used({
        userId: `u${i % 2}`,
        model: `m${i % 3}`,
        requests: 10,
        promptTokens: 100,
        completionTokens: 200,
        computeMs: sum('computeMs'),
        coldLoads: 10,
        coldLoadMs: 300_000,
        queueMs: sum('queueMs'),
      })
    })
    expect(reportLines(parts, people, PRICED)).toEqual(reportLines(whole, people, PRICED))
  })

  test('knows those whom nobody knows any more, and requests without a model', () => {
    const { users, roles, models } = reportLines([used({ userId: 'u9', model: '' })], people, FREE)
    expect([users[0]?.name, roles[0]?.name, models[0]?.name]).toEqual([
      'u9',
      '(no role)',
      '(no model)',
    ])
  })

  test('on nothing is of zeros, and of costs that are zero where there are prices', () => {
    expect(reportLines([], people, PRICED)).toMatchObject({
      users: [],
      total: { requests: 0, kwh: 0, cost: 0 },
    })
  })
})

test.each([
  [1.005, 2, 1.01],
  [2.675, 2, 2.68],
  [0.0449, 2, 0.04],
  [1234.5678, 1, 1234.6],
])('%p to %p digits is %p', (value, digits, expected) => {
  expect(rounded(value, digits)).toBe(expected)
})
