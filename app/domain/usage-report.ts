import { type Cost, type CostTerms, costOf } from './cost.ts'

/** What one user did with one model. */
export interface UsedModel {
  readonly userId: string
  readonly model: string
  readonly requests: number
  readonly promptTokens: number
  readonly completionTokens: number
  readonly computeMs: number
  readonly coldLoads: number
  readonly coldLoadMs: number
  readonly queueMs: number
}

/** A line of a report: what was used, in units that people know, rounded for them. */
export interface ReportLine {
  readonly name: string
  readonly requests: number
  readonly promptTokens: number
  readonly completionTokens: number
  /** How long hosts were busy; two requests at a time count twice. */
  readonly gpuHours: number
  /** How often models were loaded for it, and how long that took. */
  readonly coldLoads: number
  readonly coldLoadMinutes: number
  /** How long it waited for its turn. */
  readonly queueMinutes: number
  /** Null when nobody has said what a host draws. */
  readonly kwh: number | null
  /** Null when nothing has a price. */
  readonly cost: number | null
}

export type UserLine = ReportLine & { readonly roles: readonly string[] }

/** Lines by the busiest first; each list has the same total, but for roles, which can share users. */
export interface ReportLines {
  readonly users: readonly UserLine[]
  readonly roles: readonly ReportLine[]
  readonly models: readonly ReportLine[]
  readonly total: ReportLine
}

/** Who somebody is, in a report. */
export interface ReportedUser {
  readonly name: string
  readonly roles: readonly string[]
}

/** Under what use is told that belongs to nobody with a role, and that named no model. */
const NO_ROLE = '(no role)'
const NO_MODEL = '(no model)'

/**
 * The report on that use, of which a user and a model can come in several parts. A user who has several
 * roles is counted under each of them.
 */
export function reportLines(
  parts: readonly UsedModel[],
  people: ReadonlyMap<string, ReportedUser>,
  terms: CostTerms,
): ReportLines {
  // First of all, as all that follows goes through them several times.
  const used = together(parts)
  const of = (userId: string): ReportedUser => people.get(userId) ?? { name: userId, roles: [] }
  const rolesOf = ({ userId }: UsedModel): readonly string[] => {
    const { roles } = of(userId)
    return roles.length > 0 ? roles : [NO_ROLE]
  }
  const lines = (keysOf: (row: UsedModel) => readonly string[]) => grouped(used, keysOf, terms)
  const users = lines(({ userId }) => [userId]).map(({ name: userId, ...line }) => {
    const { name, roles } = of(userId)
    return { ...line, name, roles }
  })
  return {
    users: users.toSorted(byUse),
    roles: lines(rolesOf),
    models: lines(({ model }) => [model || NO_MODEL]),
    total: toLine('Total', summed(used, terms)),
  }
}

function together(parts: readonly UsedModel[]): UsedModel[] {
  const sums = new Map<string, { -readonly [Name in keyof UsedModel]: UsedModel[Name] }>()
  for (const part of parts) {
    const key = `${part.userId} ${part.model}`
    const sum = sums.get(key)
    if (sum) for (const name of COUNTS) sum[name] += part[name]
    else sums.set(key, { ...part })
  }
  return [...sums.values()]
}

function grouped(
  used: readonly UsedModel[],
  keysOf: (row: UsedModel) => readonly string[],
  terms: CostTerms,
): ReportLine[] {
  const groups = new Map<string, UsedModel[]>()
  for (const row of used) {
    for (const key of keysOf(row)) {
      const group = groups.get(key)
      if (group) group.push(row)
      else groups.set(key, [row])
    }
  }
  return [...groups].map(([key, rows]) => toLine(key, summed(rows, terms))).sort(byUse)
}

const byUse = (a: ReportLine, b: ReportLine): number =>
  b.gpuHours - a.gpuHours || b.requests - a.requests || (a.name < b.name ? -1 : 1)

const COUNTS = [
  ...(['requests', 'promptTokens', 'completionTokens', 'computeMs'] as const),
  ...(['coldLoads', 'coldLoadMs', 'queueMs'] as const),
]
type Sums = Record<(typeof COUNTS)[number], number> & Cost

function summed(rows: readonly UsedModel[], terms: CostTerms): Sums {
  const costs = rows.map((row) => costOf(row, terms))
  const nothing = costOf({ model: '', computeMs: 0, promptTokens: 0, completionTokens: 0 }, terms)
  const sum = (name: (typeof COUNTS)[number]) => rows.reduce((all, row) => all + row[name], 0)
  const counts = Object.fromEntries(COUNTS.map((name) => [name, sum(name)])) as Omit<
    Sums,
    keyof Cost
  >
  return {
    ...counts,
    kwh: nothing.kwh === null ? null : costs.reduce((all, { kwh }) => all + (kwh ?? 0), 0),
    amount:
      nothing.amount === null ? null : costs.reduce((all, { amount }) => all + (amount ?? 0), 0),
  }
}

const toLine = (name: string, sums: Sums): ReportLine => ({
  name,
  requests: sums.requests,
  promptTokens: sums.promptTokens,
  completionTokens: sums.completionTokens,
  gpuHours: rounded(sums.computeMs / 3_600_000, 3),
  coldLoads: sums.coldLoads,
  coldLoadMinutes: rounded(sums.coldLoadMs / 60_000, 1),
  queueMinutes: rounded(sums.queueMs / 60_000, 1),
  kwh: sums.kwh === null ? null : rounded(sums.kwh, 3),
  cost: sums.amount === null ? null : rounded(sums.amount, 2),
})

/** To so many digits; a hair is added for halves that have no exact binary form, such as 1.005. */
export const rounded = (value: number, digits: number): number =>
  Math.round(value * 10 ** digits * (1 + Number.EPSILON)) / 10 ** digits
