import { describe, expect, test } from 'bun:test'
import { type CostTerms, costOf } from '../../../app/domain/cost.ts'

const HOUR_MS = 3_600_000
const FREE: CostTerms = { watts: null, pricePerKwh: null, currency: '', prices: new Map() }
const price = { gpuHour: 0.5, inputMillionTokens: 1, outputMillionTokens: 3 }
const used = {
  model: 'llama3:latest',
  computeMs: 2 * HOUR_MS,
  promptTokens: 4_000_000,
  completionTokens: 1_000_000,
}

describe('what a model costs', () => {
  test('is unknown, not nothing, where nobody has said a price', () => {
    expect(costOf(used, FREE)).toEqual({ kwh: null, amount: null })
    expect(costOf(used, { ...FREE, watts: 400 })).toEqual({ kwh: 0.8, amount: null })
  })

  test('is the current that was drawn and the price of the model, together', () => {
    const current = { ...FREE, watts: 400, pricePerKwh: 0.25 }
    expect(costOf(used, current).amount).toBeCloseTo(0.2, 10)
    const prices = new Map([['llama3:latest', price]])
    expect(costOf(used, { ...FREE, prices }).amount).toBeCloseTo(1 + 4 + 3, 10)
    expect(costOf(used, { ...current, prices }).amount).toBeCloseTo(8.2, 10)
  })

  test('goes by its own price before that of all others, and is 0 without either', () => {
    const other = { gpuHour: 10, inputMillionTokens: 0, outputMillionTokens: 0 }
    const prices = new Map([
      ['*', other],
      ['llama3:latest', price],
    ])
    expect(costOf(used, { ...FREE, prices }).amount).toBeCloseTo(8, 10)
    expect(costOf({ ...used, model: 'qwen3:8b' }, { ...FREE, prices }).amount).toBeCloseTo(20, 10)
    prices.delete('*')
    expect(costOf({ ...used, model: 'qwen3:8b' }, { ...FREE, prices }).amount).toBe(0)
  })
})
