import type { NewRule } from '../../../app/services/limit-rules.ts'
import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import type { Column } from '../../table.ts'
import { proposalOf, ruleArgs } from './amounts.ts'
import { amountText, placeColumns } from './columns.ts'
import { subjectArgs, targetWithGateway } from './subject.ts'

const columns: readonly Column<NewRule>[] = [
  ...placeColumns,
  { header: 'limit', value: amountText, whole: true },
  { header: 'before', value: ({ before }) => before ?? 'none', align: 'right' },
  { header: 'shared', value: ({ shared }) => shared },
  { header: 'shadow', value: ({ shadow }) => shadow },
]

export const ratelimitSet = command({
  meta: {
    name: 'set',
    description: 'Limit how much a user, each member of a role, or a key may use',
    examples: [
      'parallama ratelimit set anna ollama --token-hourly 1000 --token-daily 10000',
      "parallama ratelimit set '*' --role premium --shared --compute-daily 36000",
    ],
  },
  args: { ...subjectArgs, ...ruleArgs },
  async run({ args, out }) {
    const { subject, gateway } = targetWithGateway(args)
    const proposal = { gateway, ...proposalOf(args) }
    const rules = await withAdmin(args, ({ limits }) => limits.set(actor(), subject, proposal))
    out.list(rules, columns, { empty: '' })
  },
})
