import type { Recommendation } from '../../../app/domain/usage-advice.ts'
import { ADVICE_DAYS, MAX_ADVICE_DAYS } from '../../../app/services/usage-advice.ts'
import { withAdmin } from '../../admin.ts'
import { integer } from '../../arg-values.ts'
import { command } from '../../command.ts'

const WIDTH = 80
const INDENT = '  '

/** What to do, and below it the numbers that say so. */
function paragraph({ model, advice, why }: Recommendation, width: number): string {
  const head = model === null ? advice : `${model}: ${advice}`
  const reason = Bun.wrapAnsi(why, width - INDENT.length)
  return `${head}\n${reason.replaceAll(/^/gm, INDENT)}\n`
}

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
  async run({ args, io, out }) {
    const { days = ADVICE_DAYS } = args
    const advice = await withAdmin(args, ({ usageReports }) => usageReports.advise(days))
    if (args.json) out.record(advice)
    else if (advice.tooLittle) out.message(advice.tooLittle)
    else if (advice.recommendations.length === 0) out.message('There is nothing to recommend.')
    else {
      const width = (io.stdout.isTTY ? io.stdout.columns : undefined) ?? WIDTH
      out.message(
        advice.recommendations
          .map((each) => paragraph(each, width))
          .join('\n')
          .trimEnd(),
      )
    }
  },
})
