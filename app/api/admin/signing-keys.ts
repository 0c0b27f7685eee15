import { z } from 'zod'
import { MANAGEMENT_PERMISSIONS } from '../../domain/role.ts'
import type { SigningKey } from '../../services/signing-key-rotation.ts'
import { endpoint } from '../endpoint.ts'
import { time, toTime } from '../wire.ts'

const MANAGE = ['users:manage'] as const

const signingKeySchema = z
  .object({
    id: z.string().meta({ description: 'The `kid` of the tokens that it signs' }),
    state: z.enum(['next', 'active', 'retiring', 'gone']),
    created_at: time,
    signs_from: time,
  })
  .meta({ id: 'SigningKey' })

const signingKeyView = (key: SigningKey): z.infer<typeof signingKeySchema> => ({
  id: key.id,
  state: key.state,
  created_at: toTime(key.createdAt),
  signs_from: toTime(key.signsFrom),
})

export const signingKeys = [
  endpoint({
    name: 'signing-key.list',
    summary: 'List the keys that sign access tokens, the oldest first',
    method: 'GET',
    path: '/admin/signing-keys',
    access: MANAGE,
    answer: { status: 200, schema: z.object({ data: z.array(signingKeySchema) }) },
    handle: ({ services }) => services.signingKeys.list(),
    view: (keys) => ({ data: keys.map(signingKeyView) }),
  }),

  endpoint({
    name: 'signing-key.rotate',
    summary: 'Make a new signing key, which signs as soon as all servers have it',
    method: 'POST',
    path: '/admin/signing-keys/rotate',
    // With it everybody's access tokens can be ended, those of administrators too.
    access: MANAGEMENT_PERMISSIONS,
    creates: true,
    body: z.strictObject({
      revoke_old: z
        .boolean()
        .optional()
        .meta({ description: "Also make everybody's access tokens worthless at once" }),
    }),
    answer: { status: 201, schema: signingKeySchema },
    handle: ({ actor, body, services }) =>
      services.signingKeys.rotate(actor, { revokeOld: body.revoke_old }),
    view: signingKeyView,
    headers: () => ({ location: '/admin/signing-keys' }),
  }),
]
