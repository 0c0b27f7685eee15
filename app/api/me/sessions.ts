import { z } from 'zod'
import { sessionSchema, sessionView } from '../admin/sessions.ts'
import { endpoint } from '../endpoint.ts'

const ownSchema = sessionSchema.extend({
  is_current: z.boolean().meta({ description: 'Whether it is the login that asks' }),
})

export const sessions = [
  endpoint({
    name: 'me.session.list',
    summary: 'List the own logins',
    method: 'GET',
    path: '/me/sessions',
    access: 'own',
    answer: { status: 200, schema: z.object({ data: z.array(ownSchema) }) },
    handle: ({ principal, services }) => services.sessions.list({ userId: principal.userId }),
    view: (sessions, { principal }) => ({
      data: sessions.map((session) => ({
        ...sessionView(session),
        is_current: session.id === principal.sessionId,
      })),
    }),
  }),

  endpoint({
    name: 'me.session.revoke-all',
    summary: 'End all own logins but the one that asks',
    method: 'DELETE',
    path: '/me/sessions',
    access: 'own',
    answer: { status: 200, schema: z.object({ ended: z.int() }) },
    handle: ({ actor, principal, services }) =>
      services.sessions.revokeAll(actor, principal.username, { except: principal.sessionId }),
    view: (ended) => ({ ended }),
  }),

  endpoint({
    name: 'me.session.revoke',
    summary: 'End one of the own logins; `current` is the one that asks',
    method: 'DELETE',
    path: '/me/sessions/:id',
    access: 'own',
    answer: { status: 204, schema: null },
    handle({ actor, param, principal, services }) {
      const id = param('id') === 'current' ? (principal.sessionId ?? 'current') : param('id')
      return services.sessions.revoke(actor, id, { owner: principal.userId })
    },
    view: () => null,
  }),
]
