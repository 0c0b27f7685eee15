import { withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import type { Column } from '../../table.ts'
import { userColumns } from './columns.ts'

export const userInfo = command({
  meta: { name: 'info', description: 'Show a user and their keys' },
  args: { name: { type: 'positional', description: 'the user name' } },
  async run({ args, out }) {
    const { user, keys } = await withAdmin(args, async (admin) => ({
      user: await admin.users.info(args.name),
      keys: await admin.keys.list(args.name),
    }))
    const columns: Column<typeof user & { keys: typeof keys }>[] = [
      ...userColumns,
      ...keys.map(({ id, status, description }, i) => ({
        header: i === 0 ? 'keys' : '',
        value: () => `${id} ${status} ${description}`.trim(),
      })),
    ]
    out.record({ ...user, keys }, columns)
  },
})
