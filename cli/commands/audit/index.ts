import { group } from '../../command.ts'

export const audit = group({
  meta: { name: 'audit', description: 'What was done, and what was refused' },
  subCommands: { list: () => import('./list.ts').then((m) => m.auditList) },
})
