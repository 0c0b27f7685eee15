import { HOUR_MS } from '../domain/rollup.ts'

/**
 * Hours in one statement: a server on SQLite does nothing else while one runs, and PostgreSQL adds up with a
 * hash table, without sorting, only what it expects to fit into its usual work_mem.
 */
const SLICE_MS = 10 * 24 * HOUR_MS
/** Statements at a time. */
const AT_ONCE = 3

/** A time that begins at `from` and ends before `until`, in epoch ms. */
interface Slice {
  readonly from: number
  readonly until: number
}

/**
 * Reads ten days at a time, of three such slices at once; in between, others get their turn. What is read
 * comes in the order of time.
 */
export async function inSlices<Row>(
  { from, until }: Slice,
  read: (slice: Slice) => Promise<readonly Row[]>,
): Promise<Row[]> {
  const parts: (readonly Row[])[] = []
  const count = Math.ceil((until - from) / SLICE_MS)
  let next = 0
  const work = async (): Promise<void> => {
    while (next < count) {
      const i = next++
      const start = from + i * SLICE_MS
      parts[i] = await read({ from: start, until: Math.min(start + SLICE_MS, until) })
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return parts.flat()
}
