import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { CliError } from '../../errors.ts'
import { confirm } from '../../prompt.ts'

export const roleDelete = command({
  meta: { name: 'delete', description: 'Delete a role with its limits and invitations' },
  args: {
    role: { type: 'positional', description: 'the role' },
    force: { type: 'boolean', description: 'take it from whoever has it' },
    yes: { type: 'boolean', alias: 'y', description: 'do not ask' },
  },
  async run({ args, io, out }) {
    await withAdmin(args, async ({ roles }) => {
      const { name, members } = await roles.info(args.role)
      const has = members > 0 ? `, which ${members} user(s) have,` : ''
      const isSure = await confirm(io, `Delete the role ${name}${has} and its limits?`, {
        yes: args.yes,
      })
      if (!isSure) throw new CliError('nothing was deleted')
      const taken = await roles.delete(actor(), name, { force: args.force })
      const from = taken.members.length > 0 ? ` It was taken from ${taken.members.join(', ')}.` : ''
      out.message(`Deleted the role ${name}.${from}`)
    })
  },
})
