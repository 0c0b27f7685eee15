import type { Session } from '../../../app/services/sessions.ts'
import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import type { Column } from '../../table.ts'
import { isoTime } from '../../time-text.ts'

const columns: readonly Column<Session>[] = [
  { header: 'id', value: (session) => session.id, whole: true },
  { header: 'username', value: (session) => session.username },
  { header: 'began', value: (session) => isoTime(session.createdAt) },
  { header: 'last used', value: (session) => isoTime(session.lastUsedAt) },
  { header: 'ends', value: (session) => isoTime(session.expiresAt) },
  { header: 'from', value: (session) => session.address },
  { header: 'client', value: (session) => session.agent },
]

export const authSessions = command({
  meta: { name: 'sessions', description: 'List the logins of a user that are alive' },
  args: { name: { type: 'positional', description: 'the user name' } },
  async run({ args, out }) {
    const sessions = await withAdmin(args, (admin) => admin.sessions.list({ username: args.name }))
    out.list(sessions, columns, { empty: `${args.name} is not logged in.` })
  },
})

export const authRevokeSession = command({
  meta: {
    name: 'revoke-session',
    description: 'End a login at once, and the answers it is getting',
  },
  args: { id: { type: 'positional', description: 'the id, as "auth sessions" shows it' } },
  async run({ args, out }) {
    const session = await withAdmin(args, ({ sessions }) => sessions.revoke(actor(), args.id))
    out.message(`Ended the login ${session.id} of ${session.username}.`)
  },
})
