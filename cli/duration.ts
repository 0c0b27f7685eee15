import { UsageError } from './errors.ts'

const UNIT_MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** Reads `30d`, `12h`, `45m` or `2w` for an argument's `parse`; gives ms. */
export function duration(text: string): number {
  const [, amount, unit] = /^(\d{1,5})([mhdw])$/.exec(text) ?? []
  const ms = Number(amount) * (UNIT_MS[unit ?? ''] ?? Number.NaN)
  if (ms > 0) return ms
  throw new UsageError('must be a time such as 45m, 12h, 30d or 2w')
}
