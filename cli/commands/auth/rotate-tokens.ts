import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'

export const authRotateTokens = command({
  meta: {
    name: 'rotate-tokens',
    description: 'Make all access tokens of a user worthless; their logins get new ones',
  },
  args: { name: { type: 'positional', description: 'the user name' } },
  async run({ args, out }) {
    const count = await withAdmin(args, ({ sessions }) => sessions.rotateTokens(actor(), args.name))
    out.message(`The access tokens of ${count} login(s) of ${args.name} are worthless now.`)
  },
})
