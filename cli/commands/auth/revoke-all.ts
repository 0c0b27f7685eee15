import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { CliError } from '../../errors.ts'
import { confirm } from '../../prompt.ts'

export const authRevokeAll = command({
  meta: {
    name: 'revoke-all',
    description: 'End all logins of a user at once',
    examples: ['parallama auth revoke-all anna', 'parallama auth revoke-all anna --keys --yes'],
  },
  args: {
    name: { type: 'positional', description: 'the user name' },
    keys: { type: 'boolean', description: 'also end all of their API keys' },
    yes: { type: 'boolean', alias: 'y', description: 'do not ask' },
  },
  async run({ args, io, out }) {
    await withAdmin(args, async ({ users, sessions }) => {
      const { username } = await users.info(args.name)
      const what = args.keys ? 'logins and API keys' : 'logins'
      const isSure = await confirm(io, `End all ${what} of ${username}?`, { yes: args.yes })
      if (!isSure) throw new CliError('nothing was ended')
      if (args.keys) {
        const ended = await sessions.revokeEverything(actor(), username)
        out.message(`Ended ${ended.sessions} login(s) and ${ended.keys} key(s) of ${username}.`)
        return
      }
      const ended = await sessions.revokeAll(actor(), username)
      out.message(`Ended ${ended} login(s) of ${username}. Their API keys go on working.`)
    })
  },
})
