import { ADMIN_ROLE } from '../../../app/domain/role.ts'
import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { UsageError } from '../../errors.ts'
import { userColumns } from './columns.ts'

export const userUpdate = command({
  meta: {
    name: 'update',
    description: "Change a user's roles, or disable and enable them",
    examples: ['parallama user update anna --role premium', 'parallama user update bob --disable'],
  },
  args: {
    name: { type: 'positional', description: 'the user name' },
    role: {
      type: 'string',
      multiple: true,
      valueHint: 'role',
      description: 'their roles from now on, in place of the present ones',
    },
    admin: {
      type: 'boolean',
      description: `give the role ${ADMIN_ROLE}`,
      negativeDescription: `take the role ${ADMIN_ROLE} away`,
    },
    disable: { type: 'boolean', description: 'refuse their keys until they are enabled again' },
    enable: { type: 'boolean', description: 'accept their keys again' },
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
