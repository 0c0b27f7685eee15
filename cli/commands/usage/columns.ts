import type { UsageRecord } from '../../../app/domain/usage.ts'
import type { Column } from '../../table.ts'
import { isoTime } from '../../time-text.ts'

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
