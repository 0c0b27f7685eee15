import type { UsageReport } from '../../../app/services/usage-report.ts'
import { csvLine } from './csv.ts'
import { columnsOf, figure } from './report-sheet.ts'

/**
 * The report as RFC 4180 has it, one line for each user, role, model and for the total; `kind` says which.
 * A name that a spreadsheet would take for a formula gets an apostrophe in front.
 */
export function reportCsv(report: UsageReport): string {
  const columns = columnsOf(report)
  const lines = [
    ...report.users.map((line) => ({ kind: 'user', ...line })),
    ...report.roles.map((line) => ({ kind: 'role', roles: [], ...line })),
    ...report.models.map((line) => ({ kind: 'model', roles: [], ...line })),
    { kind: 'total', roles: [], ...report.total, name: '' },
  ]
  const rows = lines.map((line) => [
    line.kind,
    line.name,
    line.roles.join(' '),
    ...columns.map((column) => figure(line, column)),
  ])
  const head = ['kind', 'name', 'roles', ...columns.map(({ key }) => key)]
  if (report.currency && report.total.cost !== null) {
    head.push('currency')
    for (const row of rows) row.push(report.currency)
  }
  return [head, ...rows].map(csvLine).join('')
}
