import { MAX_AMOUNT, type Unit } from '../../../app/domain/limit.ts'
import type { Allotment } from '../../../app/services/limit-proposal.ts'
import { integer } from '../../arg-values.ts'
import { UsageError } from '../../errors.ts'

/** A flag for an amount of a unit. */
export const amountArg = (unit: Unit, description: string) =>
  ({
    type: 'string',
    valueHint: unit === 'compute-seconds' ? 's' : 'n',
    description,
    parse: integer({ min: 1, max: MAX_AMOUNT[unit] }),
  }) as const

/** What is limited and how. */
export const ruleArgs = {
  model: { type: 'string', valueHint: 'name', description: 'for this model alone' },
  'token-minutely': amountArg('tokens', 'tokens a minute, of prompts and answers'),
  'token-hourly': amountArg('tokens', 'tokens an hour'),
  'token-daily': amountArg('tokens', 'tokens a day'),
  'request-minutely': amountArg('requests', 'requests a minute'),
  'request-hourly': amountArg('requests', 'requests an hour'),
  'request-daily': amountArg('requests', 'requests a day'),
  'compute-minutely': amountArg('compute-seconds', 'seconds a minute that hosts are busy'),
  'compute-hourly': amountArg('compute-seconds', 'the same, seconds an hour'),
  'compute-daily': amountArg('compute-seconds', 'the same, seconds a day'),
  concurrent: amountArg('concurrent-requests', 'requests at the same time'),
  shared: { type: 'boolean', description: 'with --role: one budget for all members together' },
  shadow: { type: 'boolean', description: 'refuse nothing, only count what would be refused' },
} as const

const FLAGS = [
  ['tokenMinutely', 'tokens', 'minute'],
  ['tokenHourly', 'tokens', 'hour'],
  ['tokenDaily', 'tokens', 'day'],
  ['requestMinutely', 'requests', 'minute'],
  ['requestHourly', 'requests', 'hour'],
  ['requestDaily', 'requests', 'day'],
  ['computeMinutely', 'compute-seconds', 'minute'],
  ['computeHourly', 'compute-seconds', 'hour'],
  ['computeDaily', 'compute-seconds', 'day'],
  ['concurrent', 'concurrent-requests', 'now'],
] as const

type Amounts = { readonly [Name in (typeof FLAGS)[number][0]]?: number | undefined }

/** The amounts on the line; a UsageError when there is none. */
export function allotmentsOf(args: Amounts): Allotment[] {
  const amounts = FLAGS.flatMap(([name, unit, window]) => {
    const amount = args[name]
    return amount === undefined ? [] : [{ unit, window, amount }]
  })
  if (amounts.length > 0) return amounts
  throw new UsageError('no amount; give at least one, such as --token-daily 100000')
}

/** What the line would like to set, but for the gateway. */
export function proposalOf(
  args: Amounts & {
    readonly role?: string | undefined
    readonly model?: string | undefined
    readonly shared?: boolean | undefined
    readonly shadow?: boolean | undefined
  },
) {
  if (args.shared && args.role === undefined) throw new UsageError('--shared goes with --role')
  const { model, shared, shadow } = args
  return { model, shared, shadow, amounts: allotmentsOf(args) }
}
