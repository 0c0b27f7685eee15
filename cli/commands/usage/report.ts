import { readPeriod } from '../../../app/domain/report-period.ts'
import type { ReportLine } from '../../../app/domain/usage-report.ts'
import type { UsageReport } from '../../../app/services/usage-report.ts'
import { withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { UsageError } from '../../errors.ts'
import { GATEWAY_NAMES } from '../../gateways.ts'
import { type Column, table } from '../../table.ts'
import { json } from '../../terminal-text.ts'
import { mayReplace, writeWhole } from './export-file.ts'
import { reportCsv } from './report-csv.ts'
import { reportPage } from './report-page.ts'
import { columnsOf, figure } from './report-sheet.ts'

const FORMATS = ['table', 'json', 'csv', 'html'] as const

/** The flags that say what time it is about, by the words of the rule that reads them. */
const FLAGS = { month: 'month', from: 'start-date', to: 'end-date', zone: 'time-zone' } as const

export const usageReport = command({
  meta: {
    name: 'report',
    description: 'Show what users, roles and models used in a month, and what it cost',
    examples: [
      'parallama usage report --month 2026-11 --format html --output november.html',
      'parallama usage report --start-date 2026-11-01 --end-date 2026-11-15 --gateway ollama --format json',
    ],
  },
  args: {
    month: {
      type: 'string',
      valueHint: 'month',
      description: 'such as 2026-11; this one by default',
    },
    'start-date': { type: 'string', valueHint: 'date', description: 'from this day or time on' },
    'end-date': { type: 'string', valueHint: 'date', description: 'to the end of this day' },
    'time-zone': {
      type: 'string',
      valueHint: 'zone',
      description: 'whose days they are, such as Europe/Berlin; UTC by default',
    },
    role: { type: 'string', valueHint: 'name', description: 'only users who have this role' },
    user: { type: 'string', valueHint: 'name', description: 'only this user' },
    gateway: {
      type: 'enum',
      options: [...GATEWAY_NAMES],
      description: 'only through this gateway',
    },
    format: {
      type: 'enum',
      options: [...FORMATS],
      description: 'how it is told; table by default',
    },
    output: { type: 'string', valueHint: 'file', description: 'write it into this file' },
    force: { type: 'boolean', description: 'replace the file if there is one' },
  },
  async run({ args, io, out }) {
    const { month, startDate: from, endDate: to, timeZone: zone = 'UTC', output } = args
    const format = args.format ?? (args.json ? 'json' : 'table')
    if (args.json && format !== 'json' && output === undefined) {
      throw new UsageError(`--format ${format} can't be given together with --json`)
    }
    if (args.force && output === undefined) throw new UsageError('--force needs --output')
    const read = readPeriod({ month, from, to, zone }, Date.now())
    if (read.mistake) {
      const { field, message } = read.mistake
      throw new UsageError(`--${FLAGS[field === 'days' ? 'from' : field]} ${message}`)
    }
    if (output !== undefined) await mayReplace(io, output, args.force === true)
    const { gateway, role, user: username } = args
    const report = await withAdmin(args, ({ usageReports }) =>
      usageReports.report({ period: read.period, gateway, role, username }),
    )
    const width = io.stdout.isTTY && output === undefined ? io.stdout.columns : undefined
    const text = WRITERS[format](report, width)
    if (output === undefined) {
      io.stdout.write(text)
      return
    }
    await writeWhole(output, [text])
    out.message(`The report is in ${output}.`)
  },
})

const WRITERS: Readonly<
  Record<(typeof FORMATS)[number], (report: UsageReport, width?: number) => string>
> = {
  table: reportText,
  json,
  csv: reportCsv,
  html: reportPage,
}

function reportText(report: UsageReport, width?: number): string {
  if (report.users.length === 0) return `Nothing was used in ${report.title}.\n`
  const figures = columnsOf(report).map(
    (column): Column<ReportLine> => ({
      header: column.header,
      value: (line) => figure(line, column),
      align: 'right',
    }),
  )
  const part = (header: string, lines: readonly ReportLine[]): string =>
    table(lines, [{ header, value: ({ name }) => name }, ...figures], width)
  return [
    `Usage, ${report.title} (${report.zone})\n`,
    part('user', [...report.users, report.total]),
    part('role', report.roles),
    part('model', report.models),
  ].join('\n')
}
