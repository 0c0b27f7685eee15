import type { Kind } from './stores.ts'

/** What was asked for and what came of it; figures that nothing is asked of have no `asked`. */
export type Figure = {
  store: Kind
  name: string
  asked?: string
  reached: string
  ok?: boolean
}

/** A table of the figures, one a line. */
export function renderFigures(figures: Figure[]): string {
  const lines = figures.map(({ store, name, asked = '', reached, ok }) => [
    store,
    name,
    asked,
    reached,
    ok === undefined ? '' : ok ? 'ok' : 'NO',
  ])
  const all = [['database', 'figure', 'asked', 'reached', ''], ...lines]
  const widths = all[0]?.map((_, i) => Math.max(...all.map((cells) => (cells[i] ?? '').length)))
  return all
    .map((cells) =>
      cells
        .map((text, i) => text.padEnd(widths?.[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
