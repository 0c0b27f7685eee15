import type { UsageTotals } from '../../../app/domain/usage-summary.ts'

/** Requests by day as bars that fit the width; plain ASCII when it is not for a terminal. */
export function dayChart(
  days: readonly (Pick<UsageTotals, 'requests'> & { readonly date: string })[],
  { width, isPlain }: { readonly width: number; readonly isPlain: boolean },
): string {
  const most = Math.max(0, ...days.map(({ requests }) => requests))
  const digits = String(most).length
  const cells = Math.max(1, width - '2026-11-01'.length - digits - 4)
  return days
    .map(({ date, requests }) => {
      const full = requests === 0 ? 0 : Math.max(1, Math.round((requests / most) * cells))
      return `${date}  ${String(requests).padStart(digits)}  ${(isPlain ? '#' : '█').repeat(full)}`.trimEnd()
    })
    .join('\n')
}
