import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { askPassword, readStdin } from '../../prompt.ts'

export const userPassword = command({
  meta: { name: 'password', description: "Set a user's password" },
  args: {
    name: { type: 'positional', description: 'the user name' },
    'password-stdin': { type: 'boolean', description: 'read it from standard input' },
  },
  async run({ args, io, out }) {
    await withAdmin(args, async ({ users }) => {
      const { username } = await users.info(args.name)
      const password = args.passwordStdin
        ? await readStdin(io)
        : await askPassword(io, `New password for ${username}`, { repeat: true })
      await users.setPassword(actor(), username, password)
      out.message(`The password of ${username} is set.`)
    })
  },
})
