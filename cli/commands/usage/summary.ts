import type { UsageTotals } from '../../../app/domain/usage-summary.ts'
import { withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { type Column, table } from '../../table.ts'
import { isoTime } from '../../time-text.ts'
import { dayChart } from './chart.ts'
import { filterArgs, rangeOf } from './range-args.ts'

const DEFAULT_DAYS = 30
const WIDTH = 80

const percent = (share: number | null): string =>
  share === null ? '-' : `${(share * 100).toFixed(1)} %`
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

const columns: readonly Column<UsageTotals>[] = [
  { header: 'requests', value: ({ requests }) => requests },
  { header: 'success', value: ({ successRate }) => percent(successRate), align: 'right' },
  { header: 'in', value: ({ promptTokens }) => promptTokens },
  { header: 'out', value: ({ completionTokens }) => completionTokens },
  { header: 'compute', value: ({ computeMs }) => seconds(computeMs), align: 'right' },
  { header: 'queue', value: ({ queueMs }) => seconds(queueMs), align: 'right' },
  { header: 'cold', value: ({ coldLoads }) => coldLoads },
  { header: 'p50 ms', value: ({ durationMs }) => durationMs.p50, align: 'right' },
  { header: 'p95 ms', value: ({ durationMs }) => durationMs.p95, align: 'right' },
  { header: 'first p50', value: ({ firstTokenMs }) => firstTokenMs.p50, align: 'right' },
  { header: 'first p95', value: ({ firstTokenMs }) => firstTokenMs.p95, align: 'right' },
]

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
    out.record(total, columns)
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
