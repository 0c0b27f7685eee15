/** What using a model is charged, in the currency of the configuration; 0 for what costs nothing. */
export interface ModelPrice {
  readonly gpuHour: number
  readonly inputMillionTokens: number
  readonly outputMillionTokens: number
}

/** What the configuration says about money and current. */
export interface CostTerms {
  /** What a busy host draws; null when nobody has said. */
  readonly watts: number | null
  /** Null when current has no price; else there are watts. */
  readonly pricePerKwh: number | null
  /** A word or a sign that is put beside amounts; '' for none. */
  readonly currency: string
  /** By the canonical name of the model; ANY_MODEL for those that have no price of their own. */
  readonly prices: ReadonlyMap<string, ModelPrice>
}

/** In place of a model's name: every model that has no price of its own. */
export const ANY_MODEL = '*'

/** What is charged for. */
export interface Charged {
  readonly model: string
  readonly computeMs: number
  readonly promptTokens: number
  readonly completionTokens: number
}

/** What it came to, unrounded: sums are made of these, and rounded afterwards. */
export interface Cost {
  /** Null when nobody has said what a host draws. */
  readonly kwh: number | null
  /** Current and what the model is charged; null when nothing has a price. */
  readonly amount: number | null
}

const HOUR_MS = 3_600_000
const MILLION = 1_000_000

/**
 * What this use of a model costs: the current that a host has drawn for it, and the model's price. A model's
 * own price takes the place of that of ANY_MODEL, and a model that has neither costs its current alone.
 */
export function costOf(used: Charged, { watts, pricePerKwh, prices }: CostTerms): Cost {
  const hours = used.computeMs / HOUR_MS
  const kwh = watts === null ? null : (hours * watts) / 1000
  if (pricePerKwh === null && prices.size === 0) return { kwh, amount: null }
  const price = prices.get(used.model) ?? prices.get(ANY_MODEL)
  const current = (kwh ?? 0) * (pricePerKwh ?? 0)
  if (!price) return { kwh, amount: current }
  const tokens =
    used.promptTokens * price.inputMillionTokens + used.completionTokens * price.outputMillionTokens
  return { kwh, amount: current + hours * price.gpuHour + tokens / MILLION }
}
