/** An epoch time in ms as `2026-11-22T21:48:03Z`, to the second; `-` when it is no time. */
export function isoTime(epochMs: number | null | undefined): string {
  if (!isTime(epochMs)) return '-'
  return new Date(epochMs).toISOString().replace(/\.\d+Z$/u, 'Z')
}

function isTime(epochMs: number | null | undefined): epochMs is number {
  return typeof epochMs === 'number' && Math.abs(epochMs) <= 8.64e15
}
