import { group } from '../../command.ts'

export const auth = group({
  meta: { name: 'auth', description: 'Logins, and the keys that sign access tokens' },
  subCommands: {
    sessions: () => import('./sessions.ts').then((m) => m.authSessions),
    'revoke-session': () => import('./sessions.ts').then((m) => m.authRevokeSession),
    'revoke-all': () => import('./revoke-all.ts').then((m) => m.authRevokeAll),
    'rotate-tokens': () => import('./rotate-tokens.ts').then((m) => m.authRotateTokens),
    'signing-keys': () => import('./signing-keys.ts').then((m) => m.authSigningKeys),
    'rotate-signing-key': () => import('./signing-keys.ts').then((m) => m.authRotateSigningKey),
  },
})
