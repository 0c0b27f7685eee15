type Detail = Readonly<Record<string, unknown>>

/**
 * What an audit entry says in short: why something was refused, what it was before and is now, or else
 * each thing that was noted.
 */
export function inShort({ before, after, ...rest }: Detail): string {
  if (typeof rest.reason === 'string') return rest.reason
  return [...differences(before, after), ...pairs(rest)].join('; ')
}

function differences(before: unknown, after: unknown): string[] {
  if (before === undefined && after === undefined) return []
  if (!isRecord(before) && !isRecord(after)) return [`${text(before)} → ${text(after)}`]
  if (!isRecord(before)) return pairs(asRecord(after))
  if (!isRecord(after)) return pairs(before).map((pair) => `was ${pair}`)
  return Object.keys(after).map((key) => `${key}: ${text(before[key])} → ${text(after[key])}`)
}

/** What is empty or nothing is left out: it tells nobody anything. */
const pairs = (detail: Detail): string[] =>
  Object.entries(detail)
    .map(([key, value]) => [key, text(value)] as const)
    .filter(([, value]) => value !== '-' && value !== '0')
    .map(([key, value]) => `${key}: ${value}`)

function text(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-'
  if (Array.isArray(value)) return value.map(text).join(', ') || '-'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (!isRecord(value)) return String(value)
  if (typeof value.name === 'string') return value.name
  return pairs(value).join(' ') || '-'
}

const isRecord = (value: unknown): value is Detail =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const asRecord = (value: unknown): Detail => (isRecord(value) ? value : {})
