import type { ReportLine } from '../../../app/domain/usage-report.ts'
import type { UsageReport } from '../../../app/services/usage-report.ts'
import { isoTime } from '../../time-text.ts'
import { columnsOf, type ReportColumn } from './report-sheet.ts'
import { REPORT_STYLE } from './report-style.ts'

/** The report as one page that needs nothing else: no script, nothing from elsewhere. */
export function reportPage(report: UsageReport): string {
  const title = `Usage, ${report.title}`
  const columns = columnsOf(report)
  const sections = [
    section('Users', 'User', report.users, report, columns),
    section('Roles', 'Role', report.roles, report, columns, ROLES_NOTE),
    section('Models', 'Model', report.models, report, columns),
  ]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<main>
<header>
<h1>${escaped(title)}</h1>
<p>${escaped(about(report))}</p>
</header>
<dl>${columns.map((column) => tile(report.total, column)).join('')}</dl>
${report.users.length === 0 ? '<p>Nothing was used in this time.</p>' : sections.join('\n')}
<footer>
<p>GPU hours are the time for which hosts were busy; of two requests that one host answers at a time, each
counts in full. Loading is the time in which models were loaded that were not in memory, waiting the time
in a queue. The bar under a name is its share of all GPU hours.${report.total.cost === null ? '' : ' Costs are current and prices of models.'}</p>
<p>Made by Parallama at ${isoTime(report.madeAt)}.</p>
</footer>
</main>
</body>
</html>
`
}

const ROLES_NOTE =
  'Who has several roles is counted under each, so these lines can add up to more than the total.'

function about({ from, until, zone, gateway, username, role }: UsageReport): string {
  const at = (time: number) =>
    Temporal.Instant.fromEpochMilliseconds(time)
      .toZonedDateTimeISO(zone)
      .toPlainDateTime()
      .toString({ smallestUnit: 'minute' })
      .replace('T', ' ')
  const only = [
    gateway && `gateway ${gateway}`,
    username && `user ${username}`,
    role && `role ${role}`,
  ].filter(Boolean)
  return `${at(from)} to ${at(until)}, ${zone}${only.length > 0 ? `; only ${only.join(', ')}` : ''}`
}

const tile = (total: ReportLine, column: ReportColumn): string =>
  `<div><dt>${escaped(column.title)}</dt><dd>${shown(total, column)}</dd></div>`

function section(
  title: string,
  of: string,
  lines: readonly ReportLine[],
  { total }: UsageReport,
  columns: readonly ReportColumn[],
  note = '',
): string {
  const head = columns.map((column) => `<th scope="col">${escaped(column.title)}</th>`)
  const body = lines.map((line) => {
    const share = total.gpuHours === 0 ? 0 : Math.min(100, (line.gpuHours / total.gpuHours) * 100)
    const cells = columns.map((column) => `<td>${shown(line, column)}</td>`)
    const bar = `<i style="width:${share.toFixed(1)}%"></i>`
    return `<tr><th scope="row">${breakable(line.name)}${bar}</th>${cells.join('')}</tr>`
  })
  return `<section>
<h2>${title}</h2>${note && `\n<p>${note}</p>`}
<div class="wide" tabindex="0" role="region" aria-label="${title}"><table>
<thead><tr><th scope="col">${of}</th>${head.join('')}</tr></thead>
<tbody>
${body.join('\n')}
</tbody>
</table></div>
</section>`
}

const shown = (line: ReportLine, { value, digits }: ReportColumn): string => {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits }
  return value(line)?.toLocaleString('en', options) ?? '–'
}

/** Long names of models are cut behind their slashes and colons rather than in a word. */
const breakable = (name: string): string => escaped(name).replace(/[/:]/g, '$&<wbr>')

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (found) => ENTITIES[found] ?? '')
