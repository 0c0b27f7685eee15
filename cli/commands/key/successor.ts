import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { newKeyColumns } from './columns.ts'

export const keySuccessor = command({
  meta: {
    name: 'successor',
    description: 'Show the key that the server has made in the place of another',
  },
  args: { id: { type: 'positional', description: "the old key's id, or the key itself" } },
  async run({ args, out }) {
    const made = await withAdmin(args, ({ keys }) => keys.successor(actor(), args.id))
    out.record(made, newKeyColumns(made))
    out.message('\nIt can be shown until it is first used, or the old key ends.')
  },
})
