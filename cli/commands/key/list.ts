import { withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { keyColumns } from './columns.ts'

export const keyList = command({
  meta: { name: 'list', description: 'List API keys' },
  args: { username: { type: 'string', valueHint: 'name', description: 'only those of this user' } },
  async run({ args, out }) {
    const keys = await withAdmin(args, (admin) => admin.keys.list(args.username))
    const { username } = args
    const whose = username ? `${username} has no keys` : 'There are no keys'
    out.list(keys, keyColumns, {
      empty: `${whose}. Make one with: parallama key generate ${username ?? 'NAME'}`,
    })
  },
})
