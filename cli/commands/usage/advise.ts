import type { Recommendation } from '../../../app/domain/usage-advice.ts'
import { ADVICE_DAYS, MAX_ADVICE_DAYS } from '../../../app/services/usage-advice.ts'
import { withAdmin } from '../../admin.ts'
import { integer } from '../../arg-values.ts'
import { command } from '../../command.ts'
import type { Column } from '../../table.ts'

const columns: readonly Column<Recommendation>[] = [
  { header: 'about', value: ({ kind }) => kind },
  { header: 'model', value: ({ model }) => model },
  { header: 'advice', value: ({ advice }) => advice, whole: true },
  { header: 'because', value: ({ why }) => why, whole: true },
]

export const usageAdvise = command({
  meta: {
    name: 'advise',
    description:
      'Say what would help, by what was used: models to keep loaded, slots, contexts, models to remove',
  },
  args: {
    days: {
      type: 'string',
      valueHint: 'n',
      description: `by the last n days; ${ADVICE_DAYS} by default`,
      parse: integer({ min: 1, max: MAX_ADVICE_DAYS }),
    },
  },
  async run({ args, out }) {
    const { days = ADVICE_DAYS } = args
    const advice = await withAdmin(args, ({ usageReports }) => usageReports.advise(days))
    if (args.json) out.record(advice)
    else if (advice.tooLittle) out.message(advice.tooLittle)
    else out.list(advice.recommendations, columns, { empty: 'There is nothing to recommend.' })
  },
})
