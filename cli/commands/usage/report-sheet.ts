import type { ReportLine } from '../../../app/domain/usage-report.ts'
import type { UsageReport } from '../../../app/services/usage-report.ts'

/** A column of a report, wherever it is shown. */
export interface ReportColumn {
  /** In a spreadsheet, for programs. */
  readonly key: string
  /** On a page, for people. */
  readonly title: string
  /** In a terminal, where there is little room. */
  readonly header: string
  readonly value: (line: ReportLine) => number | null
  readonly digits: number
}

const COLUMNS: readonly ReportColumn[] = [
  column('requests', 'Requests', 'requests', ({ requests }) => requests),
  column('prompt_tokens', 'Tokens in', 'in', ({ promptTokens }) => promptTokens),
  column('completion_tokens', 'Tokens out', 'out', ({ completionTokens }) => completionTokens),
  column('gpu_hours', 'GPU hours', 'gpu h', ({ gpuHours }) => gpuHours, 3),
  column('cold_loads', 'Cold loads', 'loads', ({ coldLoads }) => coldLoads),
  column('cold_load_minutes', 'Loading, min', 'load min', (line) => line.coldLoadMinutes, 1),
  column('queue_minutes', 'Waiting, min', 'wait min', ({ queueMinutes }) => queueMinutes, 1),
]

/** The columns of a report: current and costs only where somebody has said what they are. */
export function columnsOf({ total, currency }: UsageReport): readonly ReportColumn[] {
  const kwh = column('kwh', 'kWh', 'kwh', (line) => line.kwh, 3)
  const unit = currency && ` (${currency})`
  const cost = column('cost', `Cost${unit}`, `cost${unit}`, (line) => line.cost, 2)
  return [...COLUMNS, ...(total.kwh === null ? [] : [kwh]), ...(total.cost === null ? [] : [cost])]
}

/** A figure with as many digits as its column has; '' for none. */
export const figure = (line: ReportLine, { value, digits }: ReportColumn): string =>
  value(line)?.toFixed(digits) ?? ''

function column(
  key: string,
  title: string,
  header: string,
  value: ReportColumn['value'],
  digits = 0,
): ReportColumn {
  return { key, title, header, value, digits }
}
