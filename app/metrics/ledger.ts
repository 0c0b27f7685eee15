import { Counter, Gauge, type Registry } from 'prom-client'
import type { UsageRecord } from '../domain/usage.ts'

/** What is counted about the way of usage rows into the database. */
export interface LedgerMetrics {
  /** So many rows were committed together. */
  committed(rows: number): void
  /** A request was closed whose process had died; it is counted here and nowhere else. */
  expired(record: UsageRecord): void
  /** So many rows were set aside that the ledger can't take. */
  refused(rows: number): void
  /** Shows the process under which the ledger knows this server's requests, and what it owes the database. */
  watch(ledger: { readonly node: string; readonly owed: () => number }): void
}

/** Registers the family of the ledger; once for each registry. */
export function createLedgerMetrics(registry: Registry): LedgerMetrics {
  const registers = [registry]
  const rows = new Counter({
    name: 'parallama_ledger_rows_total',
    help: 'Usage rows that the database has taken',
    registers,
  })
  const commits = new Counter({
    name: 'parallama_ledger_commits_total',
    help: 'Statements that usage rows were committed with',
    registers,
  })
  const expired = new Counter({
    name: 'parallama_ledger_expired_total',
    help: 'Requests of processes that died, closed by this one',
    registers,
  })
  const refused = new Counter({
    name: 'parallama_ledger_refused_rows_total',
    help: 'Usage rows that the ledger can not take; they are in the journal folder',
    registers,
  })
  return {
    committed(count) {
      commits.inc()
      rows.inc(count)
    },
    expired: () => expired.inc(),
    refused: (count) => refused.inc(count),
    watch({ node, owed }) {
      const info = new Gauge({
        name: 'parallama_ledger_node_info',
        help: "Always 1; the ids of this process's rows end in the label",
        labelNames: ['node'],
        registers,
      })
      info.set({ node }, 1)
      new Gauge({
        name: 'parallama_time_seconds',
        help: "The server's clock when this was read, since unix epoch in seconds",
        registers,
        collect() {
          this.set(Date.now() / 1000)
        },
      })
      new Gauge({
        name: 'parallama_ledger_owed_rows',
        help: 'Usage rows that the database does not have yet, in memory or in the journal',
        registers,
        collect() {
          this.set(owed())
        },
      })
    },
  }
}
