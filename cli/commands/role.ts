import type { Role } from '../../app/services/roles.ts'
import { actor, withAdmin } from '../admin.ts'
import { command, group } from '../command.ts'
import { duration } from '../duration.ts'
import type { Column } from '../table.ts'
import { isoTime } from '../time-text.ts'

const columns: readonly Column<Role>[] = [
  { header: 'role', value: (role) => role.name },
  { header: 'includes', value: (role) => role.parent ?? '-' },
  { header: 'members', value: (role) => role.members },
  { header: 'models', value: (role) => role.models.join(', ') || 'none' },
  { header: 'description', value: (role) => role.description },
]

const roleList = command({
  meta: { name: 'list', description: 'List the roles' },
  async run({ args, out }) {
    const roles = await withAdmin(args, (admin) => admin.roles.list())
    out.list(roles, columns, { empty: 'There are no roles.' })
  },
})

const roleInfo = command({
  meta: { name: 'info', description: 'Show what a role permits' },
  args: { role: { type: 'positional', description: 'the role' } },
  async run({ args, out }) {
    const role = await withAdmin(args, ({ roles }) => roles.info(args.role))
    out.record(role, [
      ...columns,
      { header: 'permissions', value: ({ permissions }) => permissions.join(', ') || 'none' },
    ])
  },
})

const roleUpdate = command({
  meta: {
    name: 'update',
    description: 'Change which models the members of a role may use',
    examples: ["parallama role update basic --models 'llama3*,qwen3:8b'"],
  },
  args: {
    role: { type: 'positional', description: 'the role' },
    models: {
      type: 'string',
      required: true,
      valueHint: 'list',
      description: 'names and patterns, separated by commas; "" for none',
    },
  },
  async run({ args, out }) {
    const models = args.models.split(',').filter((model) => model.trim() !== '')
    const role = await withAdmin(args, ({ roles }) => roles.setModels(actor(), args.role, models))
    out.record(role, columns)
  },
})

const membership = {
  name: { type: 'positional', description: 'the user name' },
  role: { type: 'positional', description: 'the role' },
} as const

const roleGrant = command({
  meta: {
    name: 'grant',
    description: 'Give a user a role',
    examples: ['parallama role grant anna premium --expires 30d'],
  },
  args: {
    ...membership,
    expires: {
      type: 'string',
      valueHint: 'time',
      description: 'ends after 12h, 30d, …; never by default',
      parse: duration,
    },
  },
  async run({ args, out }) {
    const expiresAt = args.expires === undefined ? null : Date.now() + args.expires
    await withAdmin(args, ({ roles }) => roles.grant(actor(), args.name, args.role, expiresAt))
    const until = expiresAt === null ? '' : ` until ${isoTime(expiresAt)}`
    out.message(`${args.name} has the role ${args.role}${until}.`)
  },
})

const roleRevoke = command({
  meta: { name: 'revoke', description: 'Take a role from a user' },
  args: membership,
  async run({ args, out }) {
    await withAdmin(args, ({ roles }) => roles.revoke(actor(), args.name, args.role))
    out.message(`${args.name} no longer has the role ${args.role}.`)
  },
})

export const role = group({
  meta: { name: 'role', description: 'Roles: what their members may do' },
  subCommands: {
    list: roleList,
    info: roleInfo,
    update: roleUpdate,
    grant: roleGrant,
    revoke: roleRevoke,
  },
})
