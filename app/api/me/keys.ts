import { z } from 'zod'
import type { NewKey } from '../../services/key-view.ts'
import {
  graceSeconds,
  keyInput,
  keySchema,
  keyView,
  newKeySchema,
  newKeyView,
  toKeyOptions,
  toMs,
} from '../admin/key-wire.ts'
import { pageQuery, pageSchema } from '../cursor.ts'
import { endpoint } from '../endpoint.ts'

const newKey = {
  answer: { status: 201 as const, schema: newKeySchema },
  view: newKeyView,
  headers: ({ id }: NewKey) => ({ location: `/me/keys/${id}` }),
}

export const keys = [
  endpoint({
    name: 'me.key.list',
    summary: 'List the own keys',
    method: 'GET',
    path: '/me/keys',
    access: 'own',
    query: z.strictObject(pageQuery),
    answer: { status: 200, schema: pageSchema(keySchema) },
    handle: ({ page, principal, services }) =>
      page((asked) => services.keys.page({ ...asked, userId: principal.userId }), keyView),
    view: (page) => page,
  }),

  endpoint({
    ...newKey,
    name: 'me.key.generate',
    summary: 'Make a key for oneself; its text is in this answer and in no other',
    method: 'POST',
    path: '/me/keys',
    access: 'own',
    creates: true,
    body: keyInput,
    handle: ({ actor, body, principal, services }) =>
      services.keys.generate(actor, principal.username, toKeyOptions(body)),
  }),

  endpoint({
    name: 'me.key.read',
    summary: 'Show one of the own keys',
    method: 'GET',
    path: '/me/keys/:id',
    access: 'own',
    answer: { status: 200, schema: keySchema },
    handle: ({ param, principal, services }) =>
      services.keys.inspect(param('id'), { owner: principal.userId }),
    view: keyView,
  }),

  endpoint({
    name: 'me.key.revoke',
    summary: 'End one of the own keys at once',
    method: 'DELETE',
    path: '/me/keys/:id',
    access: 'own',
    restrictedKeys: true,
    answer: { status: 204, schema: null },
    handle: ({ actor, param, principal, services }) =>
      services.keys.revoke(actor, param('id'), { owner: principal.userId }),
    view: () => null,
  }),

  endpoint({
    ...newKey,
    name: 'me.key.rotate',
    summary: 'Put a new key in the place of an own one, which goes on working for a while',
    method: 'POST',
    path: '/me/keys/:id/rotate',
    access: 'own',
    restrictedKeys: true,
    creates: true,
    body: z.strictObject({ grace_seconds: graceSeconds }),
    handle: ({ actor, body, param, principal, services }) =>
      services.keys.rotate(actor, param('id'), {
        graceMs: toMs(body.grace_seconds),
        owner: principal.userId,
      }),
  }),

  endpoint({
    name: 'me.key.successor',
    summary: 'Fetch the key that the server has made in the place of an own one',
    method: 'POST',
    path: '/me/keys/:id/successor',
    access: 'own',
    restrictedKeys: true,
    answer: { status: 200, schema: newKeySchema },
    handle: ({ actor, param, principal, services }) =>
      services.keys.successor(actor, param('id'), { owner: principal.userId }),
    view: newKeyView,
  }),
]
