import { GatewayError } from '../errors/gateway-error.ts'

/** A part of a list, in the order of its key. */
export interface Page<Row> {
  readonly rows: readonly Row[]
  /** The key of the last row, when there are more behind it. */
  readonly next: string | null
}

/** The page of rows of which one more than `limit` was asked for. */
export function toPage<Row>(
  rows: readonly Row[],
  limit: number,
  keyOf: (row: Row) => string,
): Page<Row> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return { rows: shown, next: last !== undefined && rows.length > limit ? keyOf(last) : null }
}

/** What a page is refused with that is asked for after a row that no page had. */
export const badCursor = (): GatewayError =>
  new GatewayError(
    'invalid',
    'cursor: take the next_cursor of the page before, with the same filters',
  )
