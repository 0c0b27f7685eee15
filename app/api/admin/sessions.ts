import { z } from 'zod'
import type { Session } from '../../services/sessions.ts'
import { endpoint } from '../endpoint.ts'
import { flagInput, time, toTime } from '../wire.ts'

const MANAGE = ['users:manage'] as const

/** A login that is alive, never its tokens. */
export const sessionSchema = z
  .object({
    id: z.string(),
    username: z.string(),
    created_at: time,
    last_used_at: time,
    expires_at: time.meta({ description: 'When it ends unless it is used before' }),
    address: z.string().nullable(),
    agent: z.string().nullable(),
  })
  .meta({ id: 'Session' })

/** A session as it is sent. */
export const sessionView = (session: Session): z.infer<typeof sessionSchema> => ({
  id: session.id,
  username: session.username,
  created_at: toTime(session.createdAt),
  last_used_at: toTime(session.lastUsedAt),
  expires_at: toTime(session.expiresAt),
  address: session.address,
  agent: session.agent,
})

/** All sessions of one user: there are never many. */
const sessionListSchema = z.object({ data: z.array(sessionSchema) })

export const sessions = [
  endpoint({
    name: 'session.list',
    summary: "List a user's sessions that are alive, the newest first",
    method: 'GET',
    path: '/admin/users/:username/sessions',
    access: MANAGE,
    answer: { status: 200, schema: sessionListSchema },
    handle: ({ param, services }) => services.sessions.list({ username: param('username') }),
    view: (found) => ({ data: found.map(sessionView) }),
  }),

  endpoint({
    name: 'session.revoke-all',
    summary: "End all of a user's sessions, with their access tokens, or with all of their keys",
    method: 'DELETE',
    path: '/admin/users/:username/sessions',
    access: MANAGE,
    query: z.strictObject({
      keys: flagInput.optional().meta({ description: 'Also end all of their API keys' }),
    }),
    answer: { status: 200, schema: z.object({ ended: z.int(), ended_keys: z.int().optional() }) },
    async handle({ actor, param, query, services: { sessions } }) {
      const username = param('username')
      if (query.keys) return await sessions.revokeEverything(actor, username)
      return { sessions: await sessions.revokeAll(actor, username), keys: undefined }
    },
    view: ({ sessions, keys }) => ({ ended: sessions, ended_keys: keys }),
  }),

  endpoint({
    name: 'session.rotate-tokens',
    summary: "Make a user's access tokens worthless; their sessions stay",
    method: 'POST',
    path: '/admin/users/:username/rotate-tokens',
    access: MANAGE,
    answer: { status: 200, schema: z.object({ sessions: z.int() }) },
    handle: ({ actor, param, services }) =>
      services.sessions.rotateTokens(actor, param('username')),
    view: (sessions) => ({ sessions }),
  }),

  endpoint({
    name: 'session.revoke',
    summary: 'End a session, with its access tokens',
    method: 'DELETE',
    path: '/admin/sessions/:id',
    access: MANAGE,
    answer: { status: 204, schema: null },
    handle: ({ actor, param, services }) => services.sessions.revoke(actor, param('id')),
    view: () => null,
  }),
]
