import { withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { roleDetails } from './columns.ts'

export const roleInfo = command({
  meta: { name: 'info', description: 'Show what a role permits' },
  args: { role: { type: 'positional', description: 'the role' } },
  async run({ args, out }) {
    const role = await withAdmin(args, ({ roles }) => roles.info(args.role))
    out.record(role, roleDetails)
  },
})
