import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { optionalTime, time, toOptionalTime, toTime } from '../wire.ts'

const MAX_KEYS = 1000

const oldKeySchema = z.object({
  id: z.string(),
  description: z.string(),
  created_at: time,
  last_used_at: optionalTime,
  revoked_at: optionalTime,
})

/** The own keys under the names that they had in the first version: the rest is at `/me/keys`. */
export const keys = [
  endpoint({
    name: 'auth.key.list',
    summary: 'List the own keys, as the first version did; see /me/keys',
    method: 'GET',
    path: '/auth/keys',
    access: 'own',
    answer: { status: 200, schema: z.object({ keys: z.array(oldKeySchema) }) },
    handle: ({ principal, services }) =>
      services.keys.page({ userId: principal.userId, limit: MAX_KEYS }),
    view: ({ rows }) => ({
      keys: rows.map((key) => ({
        id: key.id,
        description: key.description,
        created_at: toTime(key.createdAt),
        last_used_at: toOptionalTime(key.lastUse?.at ?? null),
        revoked_at: toOptionalTime(key.revokedAt),
      })),
    }),
  }),

  endpoint({
    name: 'auth.key.generate',
    summary: 'Make a key for oneself, as the first version did; see /me/keys',
    method: 'POST',
    path: '/auth/keys',
    access: 'own',
    creates: true,
    body: z.strictObject({ description: z.string().max(200).optional() }),
    answer: {
      status: 201,
      schema: oldKeySchema.pick({ id: true, description: true, created_at: true }).extend({
        key: z.string(),
      }),
    },
    handle: ({ actor, body, principal, services }) =>
      services.keys.generate(actor, principal.username, body),
    view: ({ id, description, createdAt, key }) => ({
      id,
      description,
      created_at: toTime(createdAt),
      key,
    }),
    headers: ({ id }) => ({ location: `/me/keys/${id}` }),
  }),

  endpoint({
    name: 'auth.key.revoke',
    summary: 'End one of the own keys at once, as the first version did; see /me/keys',
    method: 'DELETE',
    path: '/auth/keys/:id',
    access: 'own',
    answer: { status: 204, schema: null },
    handle: ({ actor, param, principal, services }) =>
      services.keys.revoke(actor, param('id'), { owner: principal.userId }),
    view: () => null,
  }),
]
