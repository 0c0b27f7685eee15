import packageJson from '../package.json' with { type: 'json' }
import { group } from './command.ts'

/** The whole command line; each command is loaded when it is called. */
export const parallama = group({
  meta: {
    name: 'parallama',
    version: packageJson.version,
    description: 'Share Ollama between many people, with personal API keys',
    examples: ['parallama demo', 'parallama user create anna', 'parallama key generate anna'],
  },
  subCommands: {
    demo: () => import('./commands/demo.ts').then((m) => m.demo),
    serve: () => import('./commands/serve.ts').then((m) => m.serve),
    migrate: () => import('./commands/migrate.ts').then((m) => m.migrate),
    user: () => import('./commands/user/index.ts').then((m) => m.user),
    key: () => import('./commands/key/index.ts').then((m) => m.key),
    role: () => import('./commands/role/index.ts').then((m) => m.role),
    ratelimit: () => import('./commands/ratelimit/index.ts').then((m) => m.ratelimit),
    limits: () => import('./commands/ratelimit/index.ts').then((m) => m.limits),
    gateway: () => import('./commands/gateway/index.ts').then((m) => m.gateway),
    model: () => import('./commands/model/index.ts').then((m) => m.model),
    auth: () => import('./commands/auth/index.ts').then((m) => m.auth),
    usage: () => import('./commands/usage/index.ts').then((m) => m.usage),
    audit: () => import('./commands/audit/index.ts').then((m) => m.audit),
  },
})
