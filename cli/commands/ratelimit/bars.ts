const FULL = '█'
const FREE = '░'
const MOST_PERCENT = 999

/**
 * How much of a limit is used, as so many cells: `████████░░░░`. At least one when anything is used,
 * all only when nothing is left; for that it takes two or more.
 */
export function bar(used: number, limit: number, cells: number): string {
  const full = portion(used, limit, cells)
  return FULL.repeat(full) + FREE.repeat(cells - full)
}

/** The same as a number: ` 67 %`; above 100 when a limit was overdrawn. */
export function percent(used: number, limit: number): string {
  const share = used > limit ? Math.floor((used / limit) * 100) : portion(used, limit, 100)
  return `${String(Math.min(share, MOST_PERCENT)).padStart(3)} %`
}

function portion(used: number, limit: number, parts: number): number {
  if (used <= 0) return 0
  if (used >= limit) return parts
  const most = Math.max(0, parts - 1)
  return Math.min(Math.max(1, Math.round((used / limit) * parts)), most)
}
