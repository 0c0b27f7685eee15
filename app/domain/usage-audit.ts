import { MEASURES, ROLLUP_KEY, type Rollup, type RollupKey } from './rollup.ts'
import type { UsageRecord } from './usage.ts'

/** Something in the ledger that is not as it has to be. */
export interface Finding {
  /** The row, or what a sum is about. */
  readonly what: string
  /** A sentence. */
  readonly problem: string
}

const OUTCOMES: readonly string[] = ['completed', 'cancelled', 'failed', 'expired']

/** What is wrong with a row by itself; nothing with nearly all. */
export function rowFindings(row: UsageRecord): Finding[] {
  const counts = [row.promptTokens, row.completionTokens, row.queueMs, row.loadMs, row.computeMs]
  const problems = [
    !OUTCOMES.includes(row.outcome) && `it ended in no way that there is: ${row.outcome}`,
    row.endedAt - row.startedAt !== row.totalMs && 'it did not take as long as it says',
    !counts.every((count) => Number.isSafeInteger(count) && count >= 0) &&
      'it has a count that is none',
  ]
  return problems.flatMap((problem) => (problem ? [{ what: `request ${row.id}`, problem }] : []))
}

/** The sums that are not those of the rows: missing, too many, or different. */
export function rollupFindings(stored: readonly Rollup[], folded: readonly Rollup[]): Finding[] {
  const expected = new Map(folded.map((rollup) => [keyOf(rollup), rollup]))
  const findings = stored.flatMap((rollup) => {
    const right = expected.get(keyOf(rollup))
    expected.delete(keyOf(rollup))
    if (!right) return { what: nameOf(rollup), problem: 'there are sums without a row' }
    const wrong = MEASURES.filter((measure) => rollup[measure] !== right[measure])
    const [first] = wrong
    if (first === undefined) return []
    return {
      what: nameOf(rollup),
      problem: `the rows have ${right[first]} ${first}, the sums ${rollup[first]}`,
    }
  })
  const missing = [...expected.values()].map((rollup) => ({
    what: nameOf(rollup),
    problem: 'there are rows without sums',
  }))
  return [...findings, ...missing]
}

const keyOf = (key: RollupKey): string => ROLLUP_KEY.map((column) => key[column]).join('\0')

const nameOf = (key: RollupKey): string =>
  `${new Date(key.hour).toISOString().slice(0, 13)}h, user ${key.user_id}, key ${key.key_id}, ${key.gateway} ${key.model}`.trimEnd()
