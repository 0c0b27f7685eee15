import { group } from '../../command.ts'

export const model = group({
  meta: { name: 'model', description: 'The models, and the names under which callers know them' },
  subCommands: {
    list: () => import('./list.ts').then((m) => m.modelList),
    alias: () => import('./alias.ts').then((m) => m.modelAlias),
  },
})
