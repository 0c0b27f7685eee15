import { withAdmin } from '../../admin.ts'
import { integer } from '../../arg-values.ts'
import { command } from '../../command.ts'
import { usageColumns } from './columns.ts'
import { filterArgs, rangeOf } from './range-args.ts'

const DEFAULT_DAYS = 7
const DEFAULT_ROWS = 100

export const usageList = command({
  meta: {
    name: 'list',
    description: 'List the requests of a user, the newest first; tokens in and out, times in ms',
  },
  args: {
    name: { type: 'positional', description: 'the user name' },
    ...filterArgs,
    limit: {
      type: 'string',
      valueHint: 'n',
      description: `at most n requests; ${DEFAULT_ROWS} by default`,
      parse: integer({ min: 1, max: 10_000 }),
    },
  },
  async run({ args, out }) {
    const { gateway, model, days = DEFAULT_DAYS, limit = DEFAULT_ROWS } = args
    const range = rangeOf(args, DEFAULT_DAYS)
    const isDated = (args.from ?? args.to) !== undefined
    const rows = await withAdmin(args, ({ usage }) =>
      usage.list(args.name, { gateway, model, days, range, limit }),
    )
    out.list(rows, usageColumns, {
      empty: `${args.name} has made no such request ${isDated ? 'in that time' : `in the last ${days} days`}.`,
    })
    if (rows.length === limit)
      out.message(`Only the newest ${limit} are shown; --limit shows more.`)
  },
})
