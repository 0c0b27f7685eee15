import { actor, configFor, withAdminOf } from '../../admin.ts'
import { command } from '../../command.ts'
import { askPassword, readStdin } from '../../prompt.ts'

export const userPassword = command({
  meta: { name: 'password', description: "Set a user's password" },
  args: {
    name: { type: 'positional', description: 'the user name' },
    'password-stdin': { type: 'boolean', description: 'read it from standard input' },
  },
  async run({ args, io, out }) {
    const config = configFor(args)
    await withAdminOf(config, async ({ users }) => {
      const { username } = await users.info(args.name)
      const prompt = `New password for ${username}, ${config.minPasswordLength} characters or more`
      const password = args.passwordStdin
        ? await readStdin(io)
        : await askPassword(io, prompt, { repeat: true })
      await users.setPassword(actor(), username, password)
      out.message(`The password of ${username} is set.`)
    })
  },
})
