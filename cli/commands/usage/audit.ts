import { readFileSync } from 'node:fs'
import type { Finding } from '../../../app/domain/usage-audit.ts'
import { readServerCounts, type ServerCounts } from '../../../app/services/server-counts.ts'
import type { UsageAudit } from '../../../app/services/usage-audit.ts'
import { withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { CliError } from '../../errors.ts'
import type { Column } from '../../table.ts'
import { filterArgs, rangeOf } from './range-args.ts'

const DEFAULT_DAYS = 1
const STDIN = 0

const columns: readonly Column<Finding>[] = [
  { header: 'what', value: ({ what }) => what },
  { header: 'problem', value: ({ problem }) => problem },
]

export const usageAudit = command({
  meta: {
    name: 'audit',
    description:
      'Prove that the ledger balances: every request ended once, the sums are those of the rows, and a server has counted the same',
    examples: [
      'parallama usage audit --days 30',
      'curl -s http://127.0.0.1:8000/metrics -H "Authorization: Bearer $KEY" | parallama usage audit --metrics -',
    ],
  },
  args: {
    days: { ...filterArgs.days, description: `of the last n days; ${DEFAULT_DAYS} by default` },
    from: filterArgs.from,
    to: filterArgs.to,
    'time-zone': {
      type: 'string',
      valueHint: 'zone',
      description: 'whose days they are, such as Europe/Berlin; UTC by default',
    },
    metrics: {
      type: 'string',
      valueHint: 'file',
      description: "compare with a server's /metrics in this file, or - for standard input",
    },
  },
  async run({ args, out }) {
    const range = rangeOf({ ...args, timeZone: args.timeZone ?? 'UTC' }, DEFAULT_DAYS)
    const server = args.metrics === undefined ? null : readMetrics(args.metrics)
    const audit = await withAdmin(args, ({ auditUsage }) => auditUsage(range, server))
    if (args.json) out.record(audit)
    else {
      out.list(audit.findings, columns, { empty: 'The ledger balances.' })
      out.message(summary(audit))
    }
    if (audit.found > 0) {
      throw new CliError(`the ledger does not balance: ${audit.found} findings`)
    }
  },
})

function readMetrics(file: string): ServerCounts {
  let text: string
  try {
    text = readFileSync(file === '-' ? STDIN : file, 'utf8')
  } catch (cause) {
    throw new CliError(`the metrics ${file} can't be read`, { cause })
  }
  const counts = readServerCounts(text)
  if (counts) return counts
  throw new CliError(`${file} holds no metrics of a Parallama server`, {
    hint: 'they are at /metrics, for a key with the permission metrics:read',
  })
}

function summary({ rows, hours, estimated, compared, from, until }: UsageAudit): string {
  const [first, last] = [from, until].map((ms) => new Date(ms).toISOString().slice(0, 16))
  const counted =
    compared === null ? '' : ` The server has counted ${compared} of the ledger's requests.`
  return `${rows} requests in ${hours} hours, ${first}Z to ${last}Z; the tokens of ${estimated} are estimates.${counted}`
}
