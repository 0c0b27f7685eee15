import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { membershipArgs } from './membership.ts'

export const roleRevoke = command({
  meta: { name: 'revoke', description: 'Take a role from a user' },
  args: membershipArgs,
  async run({ args, out }) {
    await withAdmin(args, ({ roles }) => roles.revoke(actor(), args.name, args.role))
    out.message(`${args.name} no longer has the role ${args.role}.`)
  },
})
