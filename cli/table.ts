import { visible } from './terminal-text.ts'
import { isoTime } from './time-text.ts'

/** A value in a table; null, undefined and '' are shown as `-`, a date in ISO form. */
export type Cell = string | number | bigint | boolean | Date | readonly string[] | null | undefined

/** One column of a table, or one line of a record. */
export type Column<Row> = {
  /** In plain words: `last used`. */
  readonly header: string
  readonly value: (row: Row) => Cell
  /** Numbers stand right by themselves. */
  readonly align?: 'left' | 'right'
  /** Never shortened, however narrow the terminal is: for what people copy, such as ids. */
  readonly whole?: true
}

const GAP = '  '
const MIN_WIDTH = 8

/**
 * Rows in aligned columns under a header, without frames. With `maxWidth`, long texts are cut with
 * `…` as far as needed to fit. Cells can't break out of their line: see `visible`.
 */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  maxWidth: number = Number.POSITIVE_INFINITY,
): string {
  const cells = rows.map((row) => columns.map((column) => column.value(row)))
  const lines = [
    columns.map((column) => column.header.toUpperCase()),
    ...cells.map((row) => row.map(cellText)),
  ]
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => widthOf(line[i] ?? ''))))
  const isRight = columns.map((column, i) => {
    return column.align ? column.align === 'right' : isNumeric(cells.map((row) => row[i]))
  })
  const least = columns.map((column, i) => {
    const isFixed = column.whole || isRight[i]
    return isFixed ? Number.POSITIVE_INFINITY : Math.max(MIN_WIDTH, widthOf(column.header))
  })
  const fitted = fit(widths, least, maxWidth - GAP.length * (columns.length - 1))
  const rendered = lines.map((line) =>
    line
      .map((text, i) => pad(text, fitted[i] ?? 0, isRight[i] ?? false))
      .join(GAP)
      .trimEnd(),
  )
  return `${rendered.join('\n')}\n`
}

/** One thing as lines of `Label  value`, in the order of the columns. */
export function record<Row>(row: Row, columns: readonly Column<Row>[]): string {
  const labels = columns.map(({ header }) => header.charAt(0).toUpperCase() + header.slice(1))
  const width = Math.max(...labels.map(widthOf), 0)
  const lines = columns.map((column, i) => {
    return `${pad(labels[i] ?? '', width, false)}${GAP}${cellText(column.value(row))}`
  })
  return `${lines.join('\n')}\n`
}

function cellText(cell: Cell): string {
  if (cell === null || cell === undefined || cell === '') return '-'
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no'
  if (cell instanceof Date) return isoTime(cell.getTime())
  if (typeof cell === 'object') return cell.map(visible).join(', ') || '-'
  return visible(String(cell))
}

function isNumeric(cells: readonly Cell[]): boolean {
  const filled = cells.filter((cell) => cell !== null && cell !== undefined)
  return (
    filled.length > 0 &&
    filled.every((cell) => typeof cell === 'number' || typeof cell === 'bigint')
  )
}

/** Takes columns away from the widest text, one by one, until the line fits or nothing can give. */
function fit(widths: readonly number[], least: readonly number[], available: number): number[] {
  const fitted = [...widths]
  let excess = fitted.reduce((sum, width) => sum + width, 0) - available
  while (excess > 0) {
    const candidates = fitted.map((width, i) => (width > (least[i] ?? 0) ? width : 0))
    const widest = Math.max(...candidates)
    if (widest === 0) break
    fitted[candidates.indexOf(widest)] = widest - 1
    excess -= 1
  }
  return fitted
}

function pad(text: string, width: number, isRight: boolean): string {
  const cut = widthOf(text) > width ? Bun.sliceAnsi(text, 0, width, '…') : text
  const space = ' '.repeat(Math.max(width - widthOf(cut), 0))
  return isRight ? space + cut : cut + space
}

function widthOf(text: string): number {
  return Bun.stringWidth(text)
}
