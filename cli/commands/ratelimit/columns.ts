import type { Unit, Window } from '../../../app/domain/limit.ts'
import type { LimitStatus } from '../../../app/services/limit-status.ts'
import type { Sink } from '../../sink.ts'
import { type Column, table } from '../../table.ts'
import { bar, percent } from './bars.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const WORDS_UP_TO = 100

/** A limit as it is printed, its time in ISO form. */
export type LimitRow = Omit<LimitStatus, 'resetsAt'> & { readonly resetsAt: string | null }

interface Amount {
  readonly unit: Unit
  readonly window: Window
  readonly amount: number
}

/** `1000 tokens/hour`, `30 s compute/minute`, `2 at once`. */
export function amountText({ unit, window, amount }: Amount): string {
  if (window === 'now') return `${amount} at once`
  return `${amount} ${unit === 'compute-seconds' ? 's compute' : unit}/${window}`
}

/** `in 12 min`: how long from now, rounded up; `-` for no time. */
export function inWords(ms: number | null): string {
  if (ms === null) return '-'
  const seconds = Math.max(1, Math.ceil(ms / 1000))
  if (seconds < WORDS_UP_TO) return `in ${seconds} s`
  const minutes = Math.ceil(ms / MINUTE_MS)
  return minutes < WORDS_UP_TO ? `in ${minutes} min` : `in ${Math.ceil(ms / HOUR_MS)} h`
}

/** Where a rule holds. */
export const placeColumns: readonly Column<{
  readonly gateway: string
  readonly model: string
}>[] = [
  { header: 'gateway', value: ({ gateway }) => gateway },
  { header: 'model', value: ({ model }) => model },
]

/**
 * How limits are shown that were read at that time: in a pipe all about them, on a terminal with a bar
 * as long as there is room for.
 */
export function limitColumns(
  rows: readonly LimitRow[],
  at: number,
  { isTTY, columns: width = Number.POSITIVE_INFINITY }: Pick<Sink, 'isTTY' | 'columns'>,
): readonly Column<LimitRow>[] {
  const places = placeColumns.filter(
    ({ header }) => !isTTY || header === 'gateway' || rows.some(({ model }) => model !== '*'),
  )
  const last = [
    { header: 'resets', value: (row: LimitRow) => inWords(msUntil(row, at)), whole: true as const },
    { header: 'scope', value: scopeOf },
    ...(rows.some(({ shadow }) => shadow) ? [shadow] : []),
  ]
  if (!isTTY) return [...places, limit, used, remaining, ...last]
  const least = [...places, { header: limit.header, value: limit.value }, usedBar(0), ...last]
  const layouts = [
    [...places, limit, usedBar(12), remaining, ...last],
    [...places, limit, usedBar(6), remaining, ...last],
    [...places, limit, usedBar(0), remaining, ...last],
    [...places, limit, usedBar(0), ...last],
  ]
  return layouts.find((layout) => widestLine(rows, layout, width) <= width) ?? least
}

const limit: Column<LimitRow> = {
  header: 'limit',
  value: (row) => amountText({ ...row, amount: row.limit }),
  whole: true,
}
const used: Column<LimitRow> = { header: 'used', value: (row) => row.used, align: 'right' }
const remaining: Column<LimitRow> = {
  header: 'remaining',
  value: (row) => row.remaining,
  align: 'right',
}
const shadow: Column<LimitRow> = {
  header: 'shadow',
  value: ({ refusals }) =>
    refusals === null ? '-' : `${refusals} refusal${refusals === 1 ? '' : 's'}`,
  whole: true,
}

const usedBar = (cells: number): Column<LimitRow> => ({
  header: 'used',
  value: ({ used, limit }) =>
    used === null ? '-' : `${bar(used, limit, cells)} ${percent(used, limit)}`.trimStart(),
  whole: true,
})

function scopeOf({ scope, role, key }: LimitRow): string {
  switch (scope) {
    case 'user':
      return 'own'
    case 'role':
      return `role ${role}`
    case 'shared':
      return `shared by role ${role}`
    case 'key':
      return `key ${key}`
  }
}

const msUntil = ({ resetsAt }: LimitRow, at: number): number | null =>
  resetsAt === null ? null : Date.parse(resetsAt) - at

const widestLine = (
  rows: readonly LimitRow[],
  columns: readonly Column<LimitRow>[],
  width: number,
): number =>
  Math.max(
    ...table(rows, columns, width)
      .split('\n')
      .map((line) => Bun.stringWidth(line)),
  )
