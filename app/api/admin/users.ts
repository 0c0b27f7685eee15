import { z } from 'zod'
import type { User } from '../../services/users.ts'
import { pageQuery, pageSchema } from '../cursor.ts'
import { endpoint } from '../endpoint.ts'
import { futureInput, optionalTime, time, toOptionalTime, toTime } from '../wire.ts'

const MANAGE = ['users:manage'] as const

const userSchema = z
  .object({
    id: z.string(),
    username: z.string(),
    disabled: z.boolean(),
    roles: z.array(z.object({ name: z.string(), expires_at: optionalTime })),
    created_at: time,
  })
  .meta({ id: 'User' })

const userView = (user: User): z.infer<typeof userSchema> => ({
  id: user.id,
  username: user.username,
  disabled: user.disabled,
  roles: user.roles.map(({ name, expiresAt }) => ({
    name,
    expires_at: toOptionalTime(expiresAt),
  })),
  created_at: toTime(user.createdAt),
})

export const password = z
  .string()
  .max(1024, { error: 'must have at most 256 characters' })
  .meta({ format: 'password' })

export const users = [
  endpoint({
    name: 'user.list',
    summary: 'List the users',
    method: 'GET',
    path: '/admin/users',
    access: MANAGE,
    query: z.strictObject({
      ...pageQuery,
      role: z.string().max(64).optional().meta({ description: 'Only those with this role' }),
      search: z.string().max(64).optional().meta({ description: 'Only names that contain this' }),
    }),
    answer: { status: 200, schema: pageSchema(userSchema) },
    handle: ({ query, services, page }) =>
      page(
        ({ after, limit }) =>
          services.users.page({ after, limit, role: query.role, search: query.search }),
        userView,
      ),
    view: (page) => page,
  }),

  endpoint({
    name: 'user.create',
    summary: 'Add a user',
    method: 'POST',
    path: '/admin/users',
    access: MANAGE,
    creates: true,
    body: z.strictObject({
      username: z.string().max(256),
      password: password.optional(),
      roles: z.array(z.string().max(64)).max(32).optional(),
    }),
    answer: { status: 201, schema: userSchema },
    handle: ({ actor, body, services }) => services.users.create(actor, body),
    view: userView,
    headers: ({ username }) => ({ location: `/admin/users/${encodeURIComponent(username)}` }),
  }),

  endpoint({
    name: 'user.read',
    summary: 'Show a user',
    method: 'GET',
    path: '/admin/users/:username',
    access: MANAGE,
    answer: { status: 200, schema: userSchema },
    handle: ({ param, services }) => services.users.info(param('username')),
    view: userView,
  }),

  endpoint({
    name: 'user.update',
    summary: "Change a user's roles, or disable and enable them",
    method: 'PATCH',
    path: '/admin/users/:username',
    access: MANAGE,
    body: z.strictObject({
      roles: z.array(z.string().max(64)).max(32).optional(),
      disabled: z.boolean().optional(),
    }),
    answer: { status: 200, schema: userSchema },
    handle: ({ actor, body, param, services }) =>
      services.users.update(actor, param('username'), body),
    view: userView,
  }),

  endpoint({
    name: 'user.delete',
    summary: 'Delete a user; ends their keys and sessions and keeps the usage',
    method: 'DELETE',
    path: '/admin/users/:username',
    access: MANAGE,
    answer: { status: 204, schema: null },
    handle: ({ actor, param, services }) => services.users.delete(actor, param('username')),
    view: () => null,
  }),

  endpoint({
    name: 'user.password',
    summary: "Set a user's password; ends their sessions",
    method: 'PUT',
    path: '/admin/users/:username/password',
    access: MANAGE,
    body: z.strictObject({ password }),
    answer: { status: 204, schema: null },
    handle: ({ actor, body, param, services }) =>
      services.users.setPassword(actor, param('username'), body.password),
    view: () => null,
  }),

  endpoint({
    name: 'role.grant',
    summary: 'Give a user a role, for good or for a time',
    method: 'PUT',
    path: '/admin/users/:username/roles/:role',
    access: MANAGE,
    body: z.strictObject({ expires_at: futureInput.nullable().optional() }),
    answer: { status: 200, schema: userSchema },
    async handle({ actor, body, param, services }) {
      const username = param('username')
      await services.roles.grant(actor, username, param('role'), body.expires_at ?? null)
      return await services.users.info(username)
    },
    view: userView,
  }),

  endpoint({
    name: 'role.revoke',
    summary: 'Take a role from a user',
    method: 'DELETE',
    path: '/admin/users/:username/roles/:role',
    access: MANAGE,
    answer: { status: 204, schema: null },
    handle: ({ actor, param, services }) =>
      services.roles.revoke(actor, param('username'), param('role')),
    view: () => null,
  }),
]
