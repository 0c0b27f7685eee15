import type { SimulatedRefusal, Simulation } from '../../../app/services/limit-simulation.ts'
import { withAdmin } from '../../admin.ts'
import { integer } from '../../arg-values.ts'
import { command } from '../../command.ts'
import { type Column, table } from '../../table.ts'
import { isoTime } from '../../time-text.ts'
import { proposalOf, ruleArgs } from './amounts.ts'
import { percent } from './bars.ts'
import { amountText } from './columns.ts'
import { subjectArgs, targetWithGateway } from './subject.ts'

const DEFAULT_DAYS = 7
/** How many refusals of a limit are shown one by one. */
const SHOWN = 20

const summary: readonly Column<Simulation>[] = [
  { header: 'limit', value: ({ rule }) => amountText(rule), whole: true },
  { header: 'requests', value: ({ requests }) => requests },
  { header: 'refused', value: ({ refused }) => refused },
  {
    header: 'share',
    value: ({ refused, requests }) => (requests === 0 ? '-' : percent(refused, requests)),
    align: 'right',
  },
]

const perUser: readonly Column<Simulation['users'][number]>[] = [
  { header: 'username', value: ({ username }) => username },
  { header: 'requests', value: ({ requests }) => requests },
  { header: 'refused', value: ({ refused }) => refused },
]

const perRefusal: readonly Column<SimulatedRefusal>[] = [
  { header: 'refused', value: ({ startedAt }) => isoTime(startedAt), whole: true },
  { header: 'username', value: ({ username }) => username },
  { header: 'operation', value: ({ operation }) => operation },
  { header: 'model', value: ({ model }) => model },
  { header: 'amount', value: ({ amount }) => amount },
  {
    header: 'let in',
    value: ({ letInAt }) => (letInAt === null ? 'never' : isoTime(letInAt)),
    whole: true,
  },
]

export const ratelimitSimulate = command({
  meta: {
    name: 'simulate',
    description: 'Show what limits would have refused in the last days; changes nothing',
    examples: ['parallama ratelimit simulate anna ollama --token-daily 10000 --days 30'],
  },
  args: {
    ...subjectArgs,
    ...ruleArgs,
    days: {
      type: 'string',
      valueHint: 'n',
      description: `of the last n days; ${DEFAULT_DAYS} by default`,
      parse: integer({ min: 1, max: 3650 }),
    },
  },
  async run({ args, io, out }) {
    const { subject, gateway } = targetWithGateway(args)
    const { days = DEFAULT_DAYS } = args
    const proposal = { gateway, ...proposalOf(args) }
    const simulations = await withAdmin(args, ({ limits }) =>
      limits.simulate(subject, proposal, { days }),
    )
    const width = io.stdout.isTTY ? io.stdout.columns : undefined
    if (args.json) {
      out.list(simulations.map(toJson), [], { empty: '' })
      return
    }
    out.list(simulations, summary, { empty: '' })
    for (const simulation of simulations.filter(({ refused }) => refused > 0)) {
      for (const text of detailsOf(simulation, width)) out.message(text)
    }
  },
})

function detailsOf(
  { rule, refused, refusals, users }: Simulation,
  width: number | undefined,
): string[] {
  const shown = refusals.slice(0, SHOWN)
  const title = refused > shown.length ? `the first ${shown.length} of ${refused}` : 'refused'
  return [
    `\n${amountText(rule)}, by user:\n${table(users, perUser, width).trimEnd()}`,
    `\n${amountText(rule)}, ${title}:\n${table(shown, perRefusal, width).trimEnd()}`,
  ]
}

const toJson = ({ rule, refusals, ...rest }: Simulation) => ({
  ...rule,
  ...rest,
  refusals: refusals.map(({ startedAt, letInAt, ...refusal }) => ({
    ...refusal,
    startedAt: new Date(startedAt).toISOString(),
    letInAt: letInAt === null ? null : new Date(letInAt).toISOString(),
  })),
})
