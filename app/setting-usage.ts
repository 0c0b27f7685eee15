import { parse } from 'yaml'
import { z } from 'zod'
import { ANY_MODEL, type CostTerms, type ModelPrice } from './domain/cost.ts'
import { parseModelName } from './domain/model-name.ts'
import { optional, unknownKey, wholeNumber } from './setting-schemas.ts'

/** What the configuration says about usage: how long it is kept, and what it costs. */
export interface UsageSettings extends CostTerms {
  /** How long the row of a request is kept. */
  readonly retentionDays: number
  /** How long the sums of an hour are kept. */
  readonly rollupRetentionDays: number
}

const KEYS = [
  ...['retention_days', 'rollup_retention_days'],
  ...['watts', 'price_per_kwh', 'currency', 'prices'],
]
const PRICE_KEYS = ['gpu_hour', 'input_million_tokens', 'output_million_tokens']
const MAX_DAYS = 36_500
const RETENTION_DAYS = 90
const ROLLUP_RETENTION_DAYS = 1095
const MAX_AMOUNT = 1_000_000_000
const MAX_CURRENCY = 8

const lines = (known: readonly string[]) => ({
  error: `must hold "key: value" lines; the keys are ${known.join(', ')}`,
})

const AMOUNT = { error: `must be a number from 0 to ${MAX_AMOUNT}` }
const amount = z.number(AMOUNT).min(0, AMOUNT).max(MAX_AMOUNT, AMOUNT)

const CURRENCY = {
  error: `must be a word or a sign of at most ${MAX_CURRENCY} letters, such as EUR`,
}
const currency = z.string(CURRENCY).regex(/^[\p{L}\p{Sc}.]{1,8}$/u, CURRENCY)

const price: z.ZodType<ModelPrice> = z
  .object(
    {
      gpu_hour: optional(amount),
      input_million_tokens: optional(amount),
      output_million_tokens: optional(amount),
    },
    lines(PRICE_KEYS),
  )
  .catchall(unknownKey(PRICE_KEYS))
  .transform(({ gpu_hour = 0, input_million_tokens = 0, output_million_tokens = 0 }) => ({
    gpuHour: gpu_hour,
    inputMillionTokens: input_million_tokens,
    outputMillionTokens: output_million_tokens,
  }))

const modelKey = (text: string): string | undefined =>
  text === ANY_MODEL ? ANY_MODEL : parseModelName(text)?.canonical

const prices = z
  .record(
    z.string().refine((text) => modelKey(text) !== undefined),
    price,
    {
      error: ({ code }) =>
        code === 'invalid_key'
          ? 'stands under what is no model; it must be a name such as llama3.2:3b, or * for all others'
          : 'must hold a line for each model, such as {"*": {gpu_hour: 0.4}}',
    },
  )
  .check(({ value, issues }) => {
    const texts = new Map<string, string>()
    for (const text of Object.keys(value)) {
      const key = modelKey(text) ?? text
      const first = texts.get(key)
      if (first === undefined) texts.set(key, text)
      else {
        const message = `is for the same model as ${first}`
        issues.push({ code: 'custom', path: [text], input: text, message })
      }
    }
  })
  .transform(
    (value): ReadonlyMap<string, ModelPrice> =>
      new Map(Object.entries(value).map(([text, price]) => [modelKey(text) ?? text, price])),
  )

/** What is kept of usage and for how long, and what it costs; as YAML or JSON in one line, too. */
export const usageSettings: z.ZodType<UsageSettings> = z.preprocess(
  (v) => (typeof v === 'string' ? fromText(v) : (v ?? {})),
  z
    .object(
      {
        retention_days: optional(wholeNumber(1, MAX_DAYS)),
        rollup_retention_days: optional(wholeNumber(1, MAX_DAYS)),
        watts: optional(amount),
        price_per_kwh: optional(amount),
        currency: optional(currency),
        prices: optional(prices),
      },
      lines(KEYS),
    )
    .catchall(unknownKey(KEYS))
    .check(({ value, issues }) => {
      if (value.price_per_kwh === undefined || value.watts !== undefined) return
      const message = 'needs watts beside it: what a busy host draws'
      const input = value.price_per_kwh
      issues.push({ code: 'custom', path: ['price_per_kwh'], input, message })
    })
    .check(({ value, issues }) => {
      const { retention_days: rows = RETENTION_DAYS } = value
      const { rollup_retention_days: sums = ROLLUP_RETENTION_DAYS } = value
      if (sums >= rows) return
      const message = `must be at least retention_days, which is ${rows}: rows are proven by their sums`
      issues.push({ code: 'custom', path: ['rollup_retention_days'], input: sums, message })
    })
    .transform((value) => ({
      retentionDays: value.retention_days ?? RETENTION_DAYS,
      rollupRetentionDays: value.rollup_retention_days ?? ROLLUP_RETENTION_DAYS,
      watts: value.watts ?? null,
      pricePerKwh: value.price_per_kwh ?? null,
      currency: value.currency ?? '',
      prices: value.prices ?? new Map(),
    })),
)

function fromText(text: string): unknown {
  try {
    return parse(text) ?? {}
  } catch {
    return text
  }
}
