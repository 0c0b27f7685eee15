import type { Db } from '../../db/client.ts'
import { hoursBetween, nodeSums, rowsBetween } from '../../db/queries/usage-audit.ts'
import type { Clock } from '../domain/clock.ts'
import { type DateRange, wholeHours } from '../domain/date-range.ts'
import { keptSince } from '../domain/kept-since.ts'
import { HOUR_MS } from '../domain/rollup.ts'
import { type Finding, rollupFindings, rowFindings } from '../domain/usage-audit.ts'
import { foldRows, toUsageRecord } from '../usage/row.ts'
import { type ServerCounts, serverFindings } from './server-counts.ts'

/** So many findings are named; of further ones only how many there are is told. */
const MOST_NAMED = 1000

export interface UsageAuditNeeds {
  readonly db: Db
  readonly clock: Clock
  /** How long the rows of requests are kept: what is older can't be compared with anything. */
  readonly retentionDays: number
}

/** What an audit has looked at, and what it found. */
export interface UsageAudit {
  readonly from: number
  readonly until: number
  readonly rows: number
  /** Of these, how many have counts that are ours, because no host gave any. */
  readonly estimated: number
  readonly hours: number
  /** How many rows were compared with what a server has counted; null when none was given. */
  readonly compared: number | null
  readonly findings: readonly Finding[]
  /** How many findings there are in all. */
  readonly found: number
}

/**
 * Makes the audit of the ledger: each row by itself, the sums of each hour against its rows, and what a
 * server has counted against the rows that it left. An hour is read at a time, so an audit can be long but
 * takes little memory; what is closed meanwhile may show in the last hour.
 */
export function createUsageAudit({ db, clock, retentionDays }: UsageAuditNeeds) {
  return async (range: DateRange, server: ServerCounts | null): Promise<UsageAudit> => {
    const { from: asked, until } = wholeHours(range)
    const from = Math.max(asked, keptSince(clock.now(), retentionDays))
    const findings: Finding[] = []
    let [rows, estimated, found, hours] = [0, 0, 0, 0]
    const add = (more: readonly Finding[]): void => {
      found += more.length
      findings.push(...more.slice(0, MOST_NAMED - findings.length))
    }
    for (let hour = from; hour < until; hour += HOUR_MS) {
      const inHour = []
      for await (const page of rowsBetween(db, hour, hour + HOUR_MS)) inHour.push(...page)
      rows += inHour.length
      estimated += inHour.filter((row) => row.estimated === 1).length
      hours += Number(inHour.length > 0)
      add(inHour.flatMap((row) => rowFindings(toUsageRecord(row))))
      add(rollupFindings(await hoursBetween(db, hour, hour + HOUR_MS), foldRows(inHour)))
    }
    let compared: number | null = null
    if (server) {
      const sums = await nodeSums(db, server.node, server.startedAt, server.readAt)
      compared = sums.reduce((total, { requests }) => total + requests, 0)
      add(serverFindings(server, sums))
    }
    return { from, until, rows, estimated, hours, compared, findings, found }
  }
}
