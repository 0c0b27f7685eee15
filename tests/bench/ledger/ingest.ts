import { HOUR_MS } from '../../../app/domain/rollup.ts'
import { foldRows, toRequestRow } from '../../../app/usage/row.ts'
import { createRequestClose } from '../../../db/queries/close-requests.ts'
import type { RequestsTable } from '../../../db/schema.ts'
import { median } from '../statistics.ts'
import type { Figure } from './figure.ts'
import { createSpread } from './spread.ts'
import type { Store } from './stores.ts'

const ASKED = { sqlite: 50_000, postgres: 60_000 } as const
const BATCHES = [1000, 100]
const APART_MS = 2

/**
 * How many rows a second are closed, one batch after the other as the recorder sends them, with the unique
 * key, the rollup and what it takes to fold the rows.
 */
export async function measureIngest(store: Store, rows: number, rounds: number): Promise<Figure[]> {
  const close = createRequestClose(store.handle, foldRows)
  const record = createSpread(1)
  // Time goes on, as it does for a server: ids and times come in order.
  let next = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOUR_MS
  const figures: Figure[] = []
  for (const size of BATCHES) {
    const rates: number[] = []
    // The first round warms up.
    for (let round = 0; round <= rounds; round++) {
      const made = Array.from({ length: rows }, () => toRequestRow(record((next += APART_MS))))
      rates.push(await rateOf(close, made, size))
    }
    const [, ...counted] = rates
    const best = Math.max(...counted)
    const middle = median(counted)
    const asked = ASKED[store.kind]
    figures.push({
      store: store.kind,
      name: `rows/s closed, batches of ${size}`,
      asked: `>= ${asked}`,
      reached: `best ${best.toFixed(0)}, median ${middle.toFixed(0)}`,
      ok: best >= asked,
    })
  }
  return figures
}

async function rateOf(
  close: (rows: readonly RequestsTable[]) => Promise<void>,
  rows: RequestsTable[],
  size: number,
): Promise<number> {
  const started = performance.now()
  for (let i = 0; i < rows.length; i += size) await close(rows.slice(i, i + size))
  return (rows.length / (performance.now() - started)) * 1000
}
