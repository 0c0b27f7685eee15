import { ADMIN_ROLE } from '../../../app/domain/role.ts'
import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { UsageError } from '../../errors.ts'
import { userColumns } from './columns.ts'

export const userUpdate = command({
  meta: {
    name: 'update',
    description: "Change a user's roles, or disable and enable him",
    examples: ['parallama user update anna --role premium', 'parallama user update bob --disable'],
  },
  args: {
    name: { type: 'positional', description: 'the user name' },
    role: {
      type: 'string',
      multiple: true,
      valueHint: 'role',
      description: 'his roles from now on, in place of those he has',
    },
    admin: {
      type: 'boolean',
      description: `give the role ${ADMIN_ROLE}`,
      negativeDescription: `take the role ${ADMIN_ROLE} away`,
    },
    disable: { type: 'boolean', description: 'refuse his keys until he is enabled again' },
    enable: { type: 'boolean', description: 'accept his keys again' },
  },
  async run({ args, out }) {
    if (args.disable && args.enable)
      throw new UsageError('--disable and --enable exclude each other')
    const update = {
      roles: args.role.length > 0 ? args.role : undefined,
      admin: args.admin,
      disabled: args.disable ? true : args.enable ? false : undefined,
    }
    if (Object.values(update).every((value) => value === undefined)) {
      throw new UsageError(
        'nothing to change; give --role, --admin, --no-admin, --disable or --enable',
      )
    }
    const user = await withAdmin(args, ({ users }) => users.update(actor(), args.name, update))
    out.record(user, userColumns)
  },
})
