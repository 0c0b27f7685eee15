import type { UsageRecord } from '../../app/domain/usage.ts'
import { withAdmin } from '../admin.ts'
import { integer } from '../arg-values.ts'
import { command, group } from '../command.ts'
import type { Column } from '../table.ts'
import { isoTime } from '../time-text.ts'
import { filterArgs, rangeOf } from './usage/range-args.ts'

const DEFAULT_DAYS = 7
const DEFAULT_ROWS = 100

/** How a request is shown: tokens in and out, times in ms. */
export const usageColumns: readonly Column<UsageRecord>[] = [
  { header: 'started', value: (row) => isoTime(row.startedAt), whole: true },
  { header: 'operation', value: (row) => row.operation },
  { header: 'model', value: (row) => row.model ?? '-' },
  { header: 'in', value: (row) => tokens(row, row.promptTokens), align: 'right' },
  { header: 'out', value: (row) => tokens(row, row.completionTokens), align: 'right' },
  { header: 'first', value: (row) => row.firstTokenMs ?? '-', align: 'right' },
  { header: 'total', value: (row) => row.totalMs, align: 'right' },
  { header: 'outcome', value: (row) => row.errorCode ?? row.outcome },
]

/** A count that is ours, because Ollama gave none, is marked with a tilde. */
const tokens = ({ estimated }: UsageRecord, count: number): string =>
  `${estimated ? '~' : ''}${count}`

const usageList = command({
  meta: {
    name: 'list',
    description: 'List the requests of a user, the newest first; tokens in and out, times in ms',
  },
  args: {
    name: { type: 'positional', description: 'the user name' },
    ...filterArgs,
    limit: {
      type: 'string',
      valueHint: 'n',
      description: `at most n requests; ${DEFAULT_ROWS} by default`,
      parse: integer({ min: 1, max: 10_000 }),
    },
  },
  async run({ args, out }) {
    const { gateway, model, days = DEFAULT_DAYS, limit = DEFAULT_ROWS } = args
    const range = rangeOf(args, DEFAULT_DAYS)
    const isDated = (args.from ?? args.to) !== undefined
    const rows = await withAdmin(args, ({ usage }) =>
      usage.list(args.name, { gateway, model, days, range, limit }),
    )
    out.list(rows, usageColumns, {
      empty: `${args.name} has made no such request ${isDated ? 'in that time' : `in the last ${days} days`}.`,
    })
    if (rows.length === limit)
      out.message(`Only the newest ${limit} are shown; --limit shows more.`)
  },
})

export const usage = group({
  meta: { name: 'usage', description: 'What was used' },
  subCommands: {
    list: usageList,
    summary: () => import('./usage/summary.ts').then((m) => m.usageSummary),
    export: () => import('./usage/export.ts').then((m) => m.usageExport),
    report: () => import('./usage/report.ts').then((m) => m.usageReport),
    audit: () => import('./usage/audit.ts').then((m) => m.usageAudit),
    advise: () => import('./usage/advise.ts').then((m) => m.usageAdvise),
  },
})
