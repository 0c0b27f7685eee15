import { z } from 'zod'
import type { InspectedKey } from '../../services/keys.ts'
import { pageQuery, pageSchema } from '../cursor.ts'
import { endpoint } from '../endpoint.ts'
import { time, toTime } from '../wire.ts'
import {
  graceSeconds,
  keyInput,
  keySchema,
  keyView,
  newKeySchema,
  newKeyView,
  toKeyOptions,
  toMs,
} from './key-wire.ts'

const MANAGE = ['users:manage'] as const

const inspectedKeySchema = keySchema
  .extend({
    genuine: z
      .boolean()
      .nullable()
      .meta({ description: 'Whether that was the whole key; null when only its id was given' }),
    addresses: z
      .array(z.object({ address: z.string(), first_at: time, last_at: time }))
      .meta({ description: 'From where it was used, the latest first' }),
  })
  .meta({ id: 'InspectedKey' })

const inspectedKeyView = (key: InspectedKey): z.infer<typeof inspectedKeySchema> => ({
  ...keyView(key),
  genuine: key.isGenuine,
  addresses: key.addresses.map(({ address, firstAt, lastAt }) => ({
    address,
    first_at: toTime(firstAt),
    last_at: toTime(lastAt),
  })),
})

export const keys = [
  endpoint({
    name: 'key.list',
    summary: 'List the keys of one user, or of all',
    method: 'GET',
    path: '/admin/keys',
    access: MANAGE,
    query: z.strictObject({
      ...pageQuery,
      username: z.string().max(256).optional().meta({ description: 'Only those of this user' }),
    }),
    answer: { status: 200, schema: pageSchema(keySchema) },
    handle: ({ query: { username }, services, page }) =>
      page(({ after, limit }) => services.keys.page({ after, limit, username }), keyView),
    view: (page) => page,
  }),

  endpoint({
    name: 'key.generate',
    summary: 'Make a key for a user; its text is in this answer and in no other',
    method: 'POST',
    path: '/admin/users/:username/keys',
    access: MANAGE,
    creates: true,
    body: keyInput,
    answer: { status: 201, schema: newKeySchema },
    handle: ({ actor, body, param, services }) =>
      services.keys.generate(actor, param('username'), toKeyOptions(body)),
    view: newKeyView,
    headers: ({ id }) => ({ location: `/admin/keys/${id}` }),
  }),

  endpoint({
    name: 'key.read',
    summary: 'Show a key, and from where it was used',
    method: 'GET',
    path: '/admin/keys/:id',
    access: MANAGE,
    answer: { status: 200, schema: inspectedKeySchema },
    handle: ({ param, services }) => services.keys.inspect(param('id')),
    view: inspectedKeyView,
  }),

  endpoint({
    name: 'key.revoke',
    summary: 'End a key at once',
    method: 'DELETE',
    path: '/admin/keys/:id',
    access: MANAGE,
    answer: { status: 204, schema: null },
    handle: ({ actor, param, services }) => services.keys.revoke(actor, param('id')),
    view: () => null,
  }),

  endpoint({
    name: 'key.rotate',
    summary: 'Put a new key in the place of another, which goes on working for a while',
    method: 'POST',
    path: '/admin/keys/:id/rotate',
    access: MANAGE,
    creates: true,
    body: z.strictObject({ grace_seconds: graceSeconds }),
    answer: { status: 201, schema: newKeySchema },
    handle: ({ actor, body: { grace_seconds }, param, services }) =>
      services.keys.rotate(actor, param('id'), { graceMs: toMs(grace_seconds) }),
    view: newKeyView,
    headers: ({ id }) => ({ location: `/admin/keys/${id}` }),
  }),

  endpoint({
    name: 'key.successor',
    summary: 'Fetch the key that the server has made in the place of another',
    method: 'POST',
    path: '/admin/keys/:id/successor',
    access: MANAGE,
    answer: { status: 200, schema: newKeySchema },
    handle: ({ actor, param, services }) => services.keys.successor(actor, param('id')),
    view: newKeyView,
  }),

  endpoint({
    name: 'key.inspect',
    summary: 'Tell whose a key is that was found somewhere, and whether it is genuine',
    method: 'POST',
    path: '/admin/keys/inspect',
    access: MANAGE,
    body: z.strictObject({ key: z.string().max(200).meta({ format: 'password' }) }),
    answer: { status: 200, schema: inspectedKeySchema },
    handle: ({ body, services }) => services.keys.inspect(body.key),
    view: inspectedKeyView,
  }),
]
