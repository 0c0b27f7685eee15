import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { CliError } from '../../errors.ts'
import { confirm } from '../../prompt.ts'

export const userDelete = command({
  meta: { name: 'delete', description: 'Delete a user and end their keys; the usage is kept' },
  args: {
    name: { type: 'positional', description: 'the user name' },
    yes: { type: 'boolean', alias: 'y', description: 'do not ask' },
  },
  async run({ args, io, out }) {
    await withAdmin(args, async ({ users }) => {
      const { username } = await users.info(args.name)
      const isSure = await confirm(io, `Delete ${username} and end all of their keys?`, {
        yes: args.yes,
      })
      if (!isSure) throw new CliError('nothing was deleted')
      const { revokedKeys } = await users.delete(actor(), username)
      out.message(`Deleted ${username}; ${revokedKeys} key(s) ended. The usage is kept.`)
    })
  },
})
