import { withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { userColumns } from './columns.ts'

export const userList = command({
  meta: { name: 'list', description: 'List the users' },
  args: { role: { type: 'string', valueHint: 'role', description: 'only those with this role' } },
  async run({ args, out }) {
    const users = await withAdmin(args, (admin) => admin.users.list({ role: args.role }))
    const empty = args.role
      ? `Nobody has the role ${args.role}.`
      : 'There are no users yet. Add one with: parallama user create NAME'
    out.list(users, userColumns, { empty })
  },
})
