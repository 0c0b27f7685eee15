import { ADMIN_ROLE, DEFAULT_ROLE } from '../../../app/domain/role.ts'
import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { readStdin } from '../../prompt.ts'
import { userColumns } from './columns.ts'

export const userCreate = command({
  meta: {
    name: 'create',
    description: 'Add a user',
    examples: ['parallama user create anna', 'parallama user create bob --admin --role premium'],
  },
  args: {
    name: { type: 'positional', description: 'the user name' },
    role: {
      type: 'string',
      multiple: true,
      valueHint: 'role',
      description: `role; ${DEFAULT_ROLE} by default`,
    },
    admin: { type: 'boolean', description: `also give the role ${ADMIN_ROLE}` },
    'password-stdin': { type: 'boolean', description: 'read a password from standard input' },
  },
  async run({ args, io, out }) {
    const password = args.passwordStdin ? await readStdin(io) : undefined
    const roles = args.admin ? [...args.role, ADMIN_ROLE] : args.role
    const user = await withAdmin(args, ({ users }) =>
      users.create(actor(), { username: args.name, roles, password }),
    )
    out.record(user, userColumns)
  },
})
