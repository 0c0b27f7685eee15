import type { SetRule } from '../../../app/services/limit-rules.ts'
import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { UsageError } from '../../errors.ts'
import type { Column } from '../../table.ts'
import { amountText, placeColumns } from './columns.ts'
import { spelled, subjectArgs, targetWithGateway } from './subject.ts'

const columns: readonly Column<SetRule>[] = [
  ...placeColumns,
  { header: 'limit', value: amountText, whole: true },
  { header: 'shared', value: ({ shared }) => shared },
  { header: 'shadow', value: ({ shadow }) => shadow },
]

export const ratelimitReset = command({
  meta: {
    name: 'reset',
    description: 'Remove limits, or with --used give back what was used of them',
    examples: [
      'parallama ratelimit reset anna ollama',
      'parallama ratelimit reset anna ollama --used',
    ],
  },
  args: {
    ...subjectArgs,
    model: { type: 'string', valueHint: 'name', description: 'only those for this model' },
    shared: { type: 'boolean', description: 'with --role: only what all members share' },
    shadow: { type: 'boolean', description: 'only those that refuse nothing' },
    used: { type: 'boolean', description: 'keep the limits and give back what was used' },
  },
  async run({ args, out }) {
    const { subject, gateway } = targetWithGateway(args)
    if (args.shared && args.role === undefined) throw new UsageError('--shared goes with --role')
    const { model, shared: sharedOnly, shadow: shadowOnly } = args
    const selection = { gateway, model, sharedOnly, shadowOnly }
    if (args.used) {
      const count = await withAdmin(args, ({ limits }) =>
        limits.resetUsed(actor(), subject, selection),
      )
      out.message(`Gave back what was used of ${count} limit(s) of ${spelled(subject)}.`)
      return
    }
    const rules = await withAdmin(args, ({ limits }) => limits.reset(actor(), subject, selection))
    out.list(rules, columns, { empty: '' })
    out.message(`\nRemoved ${rules.length} limit(s) of ${spelled(subject)}.`)
  },
})
