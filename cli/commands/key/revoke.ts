import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { keyColumns } from './columns.ts'

export const keyRevoke = command({
  meta: { name: 'revoke', description: 'End an API key at once, and the answers it is getting' },
  args: { id: { type: 'positional', description: "the key's id, or the key itself" } },
  async run({ args, out }) {
    const key = await withAdmin(args, ({ keys }) => keys.revoke(actor(), args.id))
    out.record(key, keyColumns)
    if (key.replacedBy === null) return
    out.message(
      `\nIts successor ${key.replacedBy} goes on working. Whoever had this key may have fetched that one; to end it too: parallama key revoke ${key.replacedBy}`,
    )
  },
})
