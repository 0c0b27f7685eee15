import type { UsageTotals } from '../../../app/domain/usage-summary.ts'
import { withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { type Column, table } from '../../table.ts'
import { isoTime } from '../../time-text.ts'
import { dayChart } from './chart.ts'
import { filterArgs, rangeOf } from './range-args.ts'

const DEFAULT_DAYS = 30
const WIDTH = 80
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

const percent = (share: number | null): string =>
  share === null ? '-' : `${(share * 100).toFixed(1)} %`

/** In the unit in which it is a number that can be read. */
function time(ms: number): string {
  if (ms < 10 * MINUTE_MS) return `${(ms / 1000).toFixed(1)} s`
  return ms < 10 * HOUR_MS ? `${(ms / MINUTE_MS).toFixed(1)} min` : `${(ms / HOUR_MS).toFixed(1)} h`
}

const columns: readonly Column<UsageTotals>[] = [
  { header: 'requests', value: ({ requests }) => requests },
  { header: 'success', value: ({ successRate }) => percent(successRate), align: 'right' },
  { header: 'in', value: ({ promptTokens }) => promptTokens },
  { header: 'out', value: ({ completionTokens }) => completionTokens },
  { header: 'compute', value: ({ computeMs }) => time(computeMs), align: 'right' },
  { header: 'queue', value: ({ queueMs }) => time(queueMs), align: 'right' },
  { header: 'cold', value: ({ coldLoads }) => coldLoads },
  { header: 'p50 ms', value: ({ durationMs }) => durationMs.p50, align: 'right' },
  { header: 'p95 ms', value: ({ durationMs }) => durationMs.p95, align: 'right' },
  { header: 'first p50', value: ({ firstTokenMs }) => firstTokenMs.p50, align: 'right' },
  { header: 'first p95', value: ({ firstTokenMs }) => firstTokenMs.p95, align: 'right' },
]

/** Where there is a line for each, there is room to say what it is. */
const WHOLE: Readonly<Record<string, string>> = {
  in: 'tokens in',
  out: 'tokens out',
  compute: 'compute time',
  queue: 'queue time',
  cold: 'cold loads',
  'p50 ms': 'duration p50 ms',
  'p95 ms': 'duration p95 ms',
  'first p50': 'first token p50 ms',
  'first p95': 'first token p95 ms',
}
const totalColumns = columns.map((column) => ({
  ...column,
  header: WHOLE[column.header] ?? column.header,
}))

export const usageSummary = command({
  meta: {
    name: 'summary',
    description: 'Sum up what a user or everybody used, by gateway, model and day',
    examples: [
      'parallama usage summary anna --days 30',
      'parallama usage summary --from 2026-11-01 --to 2026-11-30 --time-zone Europe/Berlin',
    ],
  },
  args: {
    name: { type: 'positional', required: false, description: 'the user name; everybody without' },
    ...filterArgs,
  },
  async run({ args, io, out }) {
    const { name: username, gateway, model } = args
    const range = rangeOf(args, DEFAULT_DAYS)
    const summary = await withAdmin(args, ({ usage }) =>
      usage.summary({ username, gateway, model, range }),
    )
    if (args.json) {
      out.record(summary)
      return
    }
    const { total, gateways, models, days } = summary
    const who = summary.username ?? 'everybody'
    const { from, until, zone } = summary.range
    out.message(`${who}, ${isoTime(from)} to ${isoTime(until)} (${zone})\n`)
    out.record(total, totalColumns)
    if (total.requests === 0) return
    const width = io.stdout.isTTY ? io.stdout.columns : undefined
    const part = <Row extends UsageTotals>(rows: readonly Row[], first: Column<Row>): void =>
      out.message(`\n${table(rows, [first, ...columns], width).trimEnd()}`)
    part(gateways, { header: 'gateway', value: ({ gateway }) => gateway })
    part(models, { header: 'model', value: ({ model }) => model })
    const isPlain = !io.stdout.isTTY
    out.message(`\n${dayChart(days, { width: width ?? WIDTH, isPlain })}`)
  },
})
