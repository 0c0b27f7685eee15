import { type DateRange, MAX_RANGE_DAYS, readRange } from '../../../app/domain/date-range.ts'
import { integer } from '../../arg-values.ts'
import { UsageError } from '../../errors.ts'
import { GATEWAY_NAMES } from '../../gateways.ts'

const GATEWAYS: string[] = [...GATEWAY_NAMES]

/** Which requests it is about. */
export const filterArgs = {
  gateway: { type: 'enum', options: GATEWAYS, description: 'only through this gateway' },
  model: { type: 'string', valueHint: 'name', description: 'only with this model' },
  days: {
    type: 'string',
    valueHint: 'n',
    description: 'of the last n days',
    parse: integer({ min: 1, max: MAX_RANGE_DAYS }),
  },
  from: { type: 'string', valueHint: 'date', description: 'from this day or time on' },
  to: { type: 'string', valueHint: 'date', description: 'to the end of this day, or until a time' },
  'time-zone': {
    type: 'string',
    valueHint: 'zone',
    description: 'whose days they are, such as Europe/Berlin; that of this machine by default',
  },
} as const

const FLAGS = { days: 'days', from: 'from', to: 'to', zone: 'time-zone' } as const

interface RangeArgs {
  readonly days?: number | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly timeZone?: string | undefined
}

/** The range that the flags mean. Throws a UsageError that names the one that is wrong. */
export function rangeOf({ days, from, to, timeZone }: RangeArgs, defaultDays: number): DateRange {
  const zone = timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone
  const read = readRange({ days, from, to, zone }, Date.now(), defaultDays)
  if (!read.mistake) return read.range
  throw new UsageError(`--${FLAGS[read.mistake.field]} ${read.mistake.message}`)
}
