const STEPS = [
  { unit: 'd', ms: 86_400_000 },
  { unit: 'h', ms: 3_600_000 },
  { unit: 'm', ms: 60_000 },
  { unit: 's', ms: 1_000 },
] as const

/** An epoch time in ms as `2026-11-22T21:48:03Z`, to the second; `-` when it is no time. */
export function isoTime(epochMs: number | null | undefined): string {
  if (!isTime(epochMs)) return '-'
  return new Date(epochMs).toISOString().replace(/\.\d+Z$/u, 'Z')
}

/** How long ago, or how far ahead, in the largest whole unit: `3m ago`, `in 2d`, `now`, `never`. */
export function relativeTime(epochMs: number | null | undefined, nowMs: number): string {
  if (!isTime(epochMs)) return 'never'
  const distanceMs = Math.abs(nowMs - epochMs)
  const step = STEPS.find(({ ms }) => distanceMs >= ms)
  if (!step) return 'now'
  const amount = `${Math.floor(distanceMs / step.ms)}${step.unit}`
  return epochMs > nowMs ? `in ${amount}` : `${amount} ago`
}

function isTime(epochMs: number | null | undefined): epochMs is number {
  return typeof epochMs === 'number' && Math.abs(epochMs) <= 8.64e15
}
