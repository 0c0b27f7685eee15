import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { isoTime } from '../../time-text.ts'
import { grace, newKeyColumns } from './columns.ts'
import { KEEP_IT } from './words.ts'

export const keyRotate = command({
  meta: {
    name: 'rotate',
    description: 'Make a key that takes the place of another, which ends with its grace',
    examples: ['parallama key rotate 4Vx1cQ8bZt --grace 2d'],
  },
  args: {
    id: { type: 'positional', description: "the old key's id, or the key itself" },
    grace: {
      type: 'string',
      valueHint: 'time',
      description: 'how long the old key goes on working, 0 for not at all; 7d by default',
      parse: grace,
    },
  },
  async run({ args, out }) {
    const { made, old } = await withAdmin(args, async ({ keys }) => {
      const made = await keys.rotate(actor(), args.id, { graceMs: args.grace })
      return { made, old: await keys.inspect(args.id) }
    })
    out.record(made, newKeyColumns(made))
    out.message(`\n${KEEP_IT}`)
    const end = isoTime(old.expiresAt)
    out.message(
      old.status === 'replaced'
        ? `The old key ${old.id} works until ${end}.`
        : `The old key ${old.id} has ended.`,
    )
  },
})
