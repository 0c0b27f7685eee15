import { z } from 'zod'
import { PRIORITIES } from '../../domain/role.ts'
import type { Role } from '../../services/roles.ts'
import { pageQuery, pageSchema } from '../cursor.ts'
import { endpoint } from '../endpoint.ts'
import { flagInput } from '../wire.ts'

const MANAGE = ['roles:manage'] as const

const names = z.array(z.string())

const roleSchema = z
  .object({
    name: z.string(),
    parent: z.string().nullable().meta({ description: 'The role that it includes' }),
    description: z.string(),
    permissions: names.meta({ description: 'Its own and those of the roles that it includes' }),
    own_permissions: names,
    models: names.meta({ description: 'Names and patterns; its own and those that it includes' }),
    own_models: names,
    weight: z.int().meta({ description: 'The share of a busy host, beside others' }),
    own_weight: z.int().nullable(),
    priority: z.enum(PRIORITIES),
    own_priority: z.enum(PRIORITIES).nullable(),
    concurrent: z
      .int()
      .nullable()
      .meta({ description: 'How many requests a member may have at once; null for no cap' }),
    own_concurrent: z.int().nullable(),
    built_in: z.boolean().meta({ description: "Whether it is one that can't be deleted" }),
    members: z.int().meta({ description: 'How many users have it now' }),
  })
  .meta({ id: 'Role' })

const roleView = (role: Role): z.infer<typeof roleSchema> => ({
  name: role.name,
  parent: role.parent,
  description: role.description,
  permissions: [...role.permissions],
  own_permissions: [...role.ownPermissions],
  models: [...role.models],
  own_models: [...role.ownModels],
  weight: role.weight,
  own_weight: role.ownWeight,
  priority: role.priority,
  own_priority: role.ownPriority,
  concurrent: role.concurrent,
  own_concurrent: role.ownConcurrent,
  built_in: role.builtIn,
  members: role.members,
})

/** What can be set of a role; null takes what the role has that it includes. */
const settings = {
  parent: z.string().max(64).nullable().optional(),
  description: z.string().max(200).optional(),
  permissions: z.array(z.string().max(64)).max(100).optional(),
  models: z.array(z.string().max(256)).max(1000).optional(),
  weight: z.int().nullable().optional(),
  priority: z.enum(PRIORITIES).nullable().optional(),
  concurrent: z.int().nullable().optional(),
}

export const roles = [
  endpoint({
    name: 'role.list',
    summary: 'List the roles in the order of their names',
    method: 'GET',
    path: '/admin/roles',
    access: MANAGE,
    query: z.strictObject(pageQuery),
    answer: { status: 200, schema: pageSchema(roleSchema) },
    handle: ({ services, page }) => page((asked) => services.roles.page(asked), roleView),
    view: (page) => page,
  }),

  endpoint({
    name: 'role.create',
    summary: 'Add a role',
    method: 'POST',
    path: '/admin/roles',
    access: MANAGE,
    creates: true,
    body: z.strictObject({ name: z.string().max(64), ...settings }),
    answer: { status: 201, schema: roleSchema },
    handle: ({ actor, body, services }) => services.roles.create(actor, body),
    view: roleView,
    headers: ({ name }) => ({ location: `/admin/roles/${encodeURIComponent(name)}` }),
  }),

  endpoint({
    name: 'role.read',
    summary: 'Show a role',
    method: 'GET',
    path: '/admin/roles/:role',
    access: MANAGE,
    answer: { status: 200, schema: roleSchema },
    handle: ({ param, services }) => services.roles.info(param('role')),
    view: roleView,
  }),

  endpoint({
    name: 'role.update',
    summary: 'Change what a role includes and permits; what is left out stays',
    method: 'PATCH',
    path: '/admin/roles/:role',
    access: MANAGE,
    body: z.strictObject(settings),
    answer: { status: 200, schema: roleSchema },
    handle: ({ actor, body, param, services }) => services.roles.update(actor, param('role'), body),
    view: roleView,
  }),

  endpoint({
    name: 'role.delete',
    summary: 'Delete a role that nobody has, or, by force, take it from whoever has it',
    method: 'DELETE',
    path: '/admin/roles/:role',
    access: MANAGE,
    query: z.strictObject({ force: flagInput.optional() }),
    answer: { status: 204, schema: null },
    handle: ({ actor, param, query, services }) =>
      services.roles.delete(actor, param('role'), query),
    view: () => null,
  }),
]
