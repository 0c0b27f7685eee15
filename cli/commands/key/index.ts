import { group } from '../../command.ts'

export const key = group({
  meta: { name: 'key', description: 'API keys' },
  subCommands: {
    generate: () => import('./generate.ts').then((m) => m.keyGenerate),
    list: () => import('./list.ts').then((m) => m.keyList),
    inspect: () => import('./inspect.ts').then((m) => m.keyInspect),
    rotate: () => import('./rotate.ts').then((m) => m.keyRotate),
    successor: () => import('./successor.ts').then((m) => m.keySuccessor),
    revoke: () => import('./revoke.ts').then((m) => m.keyRevoke),
  },
})
