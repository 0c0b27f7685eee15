import { group } from '../../command.ts'

export const usage = group({
  meta: { name: 'usage', description: 'What was used' },
  subCommands: {
    list: () => import('./list.ts').then((m) => m.usageList),
    summary: () => import('./summary.ts').then((m) => m.usageSummary),
    export: () => import('./export.ts').then((m) => m.usageExport),
    report: () => import('./report.ts').then((m) => m.usageReport),
    audit: () => import('./audit.ts').then((m) => m.usageAudit),
    advise: () => import('./advise.ts').then((m) => m.usageAdvise),
  },
})
