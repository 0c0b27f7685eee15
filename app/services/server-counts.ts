import type { NodeSums } from '../../db/queries/usage-audit.ts'
import type { Finding } from '../domain/usage-audit.ts'

/** What a server has counted since it was started, as its metrics say. */
export interface ServerCounts {
  /** The process, as the ids of its rows tell it. */
  readonly node: string
  /** When it was started and when it was asked, in epoch ms. */
  readonly startedAt: number
  readonly readAt: number
  /** Rows that its database did not have. */
  readonly owed: number
  /** By gateway, operation and outcome. */
  readonly requests: ReadonlyMap<string, number>
  /** By gateway and kind, `prompt` or `completion`. */
  readonly tokens: ReadonlyMap<string, number>
}

const SAMPLE = /^(\w+)(?:\{(.*)\})? (\S+)$/
const NODE = /^[0-9a-f]{12}$/
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g

/** Reads them from a page of metrics in Prometheus' text format; null when it is not from a server of ours. */
export function readServerCounts(text: string): ServerCounts | null {
  const requests = new Map<string, number>()
  const tokens = new Map<string, number>()
  const single = new Map<string, number>()
  let node = ''
  for (const line of text.split('\n')) {
    const [, name = '', labelText = '', value] = SAMPLE.exec(line) ?? []
    const labels = Object.fromEntries(
      [...labelText.matchAll(LABEL)].map(([, key, label]) => [key, label]),
    )
    const add = (sums: Map<string, number>, key: string): void => {
      sums.set(key, (sums.get(key) ?? 0) + Number(value))
    }
    if (name === 'parallama_requests_total')
      add(requests, `${labels.gateway} ${labels.operation} ${labels.outcome}`)
    else if (name === 'parallama_tokens_total') add(tokens, `${labels.gateway} ${labels.kind}`)
    else if (name === 'parallama_ledger_node_info') node = labels.node ?? ''
    else add(single, name)
  }
  const [startedAt = Number.NaN, readAt = Number.NaN, owed = Number.NaN] = [
    'process_start_time_seconds',
    'parallama_time_seconds',
    'parallama_ledger_owed_rows',
  ].map((name) => single.get(name))
  if (!NODE.test(node) || ![startedAt, readAt, owed].every(Number.isFinite)) return null
  const ms = { startedAt: Math.floor(startedAt * 1000) - 1000, readAt: Math.round(readAt * 1000) }
  return { node, ...ms, owed, requests, tokens }
}

/** Where the ledger and the server differ. */
export function serverFindings(server: ServerCounts, sums: readonly NodeSums[]): Finding[] {
  const requests = new Map<string, number>()
  const tokens = new Map<string, number>()
  const add = (to: Map<string, number>, key: string, count: number): void => {
    to.set(key, (to.get(key) ?? 0) + count)
  }
  for (const row of sums) {
    add(requests, `${row.gateway} ${row.operation} ${row.outcome}`, row.requests)
    add(tokens, `${row.gateway} prompt`, row.prompt_tokens)
    add(tokens, `${row.gateway} completion`, row.completion_tokens)
  }
  const owed = {
    what: `server ${server.node}`,
    problem: `the database does not have ${server.owed} of its rows yet`,
  }
  return [
    ...(server.owed > 0 ? [owed] : []),
    ...differences('requests', server.requests, requests),
    ...differences('tokens', server.tokens, tokens),
  ]
}

const differences = (
  unit: string,
  counted: ReadonlyMap<string, number>,
  stored: ReadonlyMap<string, number>,
): Finding[] =>
  [...new Set([...counted.keys(), ...stored.keys()])].flatMap((key) => {
    const [server, ledger] = [counted.get(key) ?? 0, stored.get(key) ?? 0]
    if (server === ledger) return []
    return { what: key, problem: `the server counted ${server} ${unit}, the ledger has ${ledger}` }
  })
