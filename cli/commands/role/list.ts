import { withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { roleColumns } from './columns.ts'

export const roleList = command({
  meta: { name: 'list', description: 'List the roles' },
  async run({ args, out }) {
    const roles = await withAdmin(args, (admin) => admin.roles.list())
    out.list(roles, roleColumns, { empty: 'There are no roles.' })
  },
})
