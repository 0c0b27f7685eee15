import { z } from 'zod'
import { type DateRange, MAX_RANGE_DAYS } from '../../domain/date-range.ts'
import { requireRange } from '../../services/usage-filter.ts'
import { integerInput } from '../wire.ts'

const day = z.string().max(64).optional()

/** From when to when something is, and whose days those are. */
export const spanQuery = {
  from: day.meta({ description: 'A date or a time' }),
  to: day.meta({ description: 'A date, which is the last one, or a time' }),
  time_zone: z
    .string()
    .max(64)
    .default('UTC')
    .meta({ description: 'Whose days they are, such as Europe/Berlin' }),
}

/** What time a query is about; the last `defaultDays` days when it says nothing. */
export const rangeQuery = (defaultDays: number) => ({
  days: integerInput(1, MAX_RANGE_DAYS)
    .optional()
    .meta({
      description: `Of how many days until now, in place of from and to; ${defaultDays} when nothing is said`,
    }),
  ...spanQuery,
})

/** How the parameters are called whose names are not those of the rule that reads them. */
export const NAMES = { zone: 'time_zone' } as const

interface RangeQuery {
  readonly days?: number | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly time_zone: string
}

/** The range that a query means. Throws invalid. */
export const rangeOf = (
  { days, from, to, time_zone: zone }: RangeQuery,
  defaultDays: number,
): DateRange => requireRange({ days, from, to, zone }, Date.now(), defaultDays, NAMES)
