import type { Db } from '../../db/client.ts'
import { type LedgerRow, readLedger } from '../../db/queries/ledger-replay.ts'
import type { Clock } from '../domain/clock.ts'
import { ANY, fromBase, type Rule, type Unit } from '../domain/limit.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { createReplay, type Replay } from '../limits/replay.ts'
import type { FoundSubject } from './limit-subject.ts'
import { type Member, membersOf } from './role-lineage.ts'

const DAY_MS = 86_400_000
const MAX_DAYS = 3650
/** How many refusals are told one by one. */
const MAX_REFUSALS = 1000
/** Of how many users the database is asked by name; of more, all rows are read. */
const MAX_NAMED = 1000

/** A request that the rule would have refused. */
export interface SimulatedRefusal {
  readonly username: string
  readonly startedAt: number
  readonly operation: string
  readonly model: string | null
  /** What it used of what the rule limits, in whole requests, tokens or seconds. */
  readonly amount: number
  /** When it would have fitted, had nothing else come; null when it alone is more than the limit. */
  readonly letInAt: number | null
}

/** What a rule would have done, had it been set so many days ago. */
export interface Simulation {
  readonly rule: Rule
  readonly shared: boolean
  /** How many requests it would have been asked about. */
  readonly requests: number
  readonly refused: number
  /** The first thousand, the oldest first. */
  readonly refusals: readonly SimulatedRefusal[]
  /** Everybody who made such requests, who was refused most first. */
  readonly users: readonly {
    readonly username: string
    readonly requests: number
    readonly refused: number
  }[]
}

export interface SimulationNeeds {
  readonly db: Db
  readonly clock: Clock
  /** The operations that have a model work; the others count against no limit. */
  readonly operations: readonly string[]
}

export interface SimulationOptions {
  /** How many days back; from 1 to 3650. */
  readonly days: number
  /** One bucket for all members of a role. */
  readonly shared: boolean
}

/**
 * Replays what the ledger says about a subject against rules that all are for the same gateway and
 * model, each of them apart. Throws invalid for a number of days out of bounds.
 */
export async function simulateRules(
  { db, clock, operations }: SimulationNeeds,
  subject: FoundSubject,
  rules: readonly Rule[],
  { days, shared }: SimulationOptions,
): Promise<Simulation[]> {
  if (!Number.isSafeInteger(days) || days < 1 || days > MAX_DAYS) {
    throw new GatewayError('invalid', `the days must be a whole number from 1 to ${MAX_DAYS}`)
  }
  const until = clock.now()
  const users = subject.user ? [subject.user] : await membersOf(db, subject.id, until)
  const members = new Map(users.map((user) => [user.id, user]))
  const { gateway, model } = rules[0] ?? { gateway: ANY, model: ANY }
  const runs = rules.map((rule) => startRun(rule, shared))
  const pages = readLedger(db, {
    userIds: members.size > MAX_NAMED ? undefined : [...members.keys()],
    keyFamily: subject.kind === 'key' ? subject.id : undefined,
    gateway: gateway === ANY ? undefined : gateway,
    model: model === ANY ? undefined : model,
    operations,
    from: until - days * DAY_MS,
    until,
  })
  for await (const rows of pages) {
    for (const row of rows) {
      const member = members.get(row.user_id)
      if (member) for (const run of runs) run.offer(row, member)
    }
  }
  return runs.map((run) => run.result())
}

interface Run {
  offer(row: LedgerRow, member: Member): void
  result(): Simulation
}

function startRun(rule: Rule, shared: boolean): Run {
  const replays = new Map<string, Replay>()
  const tallies = new Map<string, { username: string; requests: number; refused: number }>()
  const refusals: SimulatedRefusal[] = []

  const replayOf = (userId: string): Replay => {
    const holder = shared ? '' : userId
    const replay = replays.get(holder) ?? createReplay(rule)
    replays.set(holder, replay)
    return replay
  }

  return {
    offer(row, { id, username }) {
      const tally = tallies.get(id) ?? { username, requests: 0, refused: 0 }
      tallies.set(id, tally)
      const amount = amountOf(row, rule.unit)
      const { started_at: startedAt, ended_at: endedAt, operation, model } = row
      const refusal = replayOf(id).offer({ startedAt, endedAt, amount })
      tally.requests += 1
      if (!refusal) return
      tally.refused += 1
      if (refusals.length === MAX_REFUSALS) return
      const whole = fromBase(rule.unit, amount)
      refusals.push({ username, startedAt, operation, model, amount: whole, ...refusal })
    },

    result() {
      const users = [...tallies.values()].sort(byRefusals)
      const sum = (key: 'requests' | 'refused') => users.reduce((all, user) => all + user[key], 0)
      return { rule, shared, requests: sum('requests'), refused: sum('refused'), refusals, users }
    },
  }
}

const byRefusals = (a: Simulation['users'][number], b: Simulation['users'][number]): number =>
  b.refused - a.refused || (a.username < b.username ? -1 : 1)

function amountOf(row: LedgerRow, unit: Unit): number {
  if (unit === 'tokens') return row.prompt_tokens + row.completion_tokens
  return unit === 'compute-seconds' ? row.compute_ms : 1
}
