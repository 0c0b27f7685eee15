import { HOUR_MS } from '../../../app/domain/rollup.ts'
import { foldRows, toRequestRow } from '../../../app/usage/row.ts'
import { createRequestClose, MAX_CLOSED } from '../../../db/queries/close-requests.ts'
import type { RequestsTable } from '../../../db/schema.ts'
import { median } from '../statistics.ts'
import type { Figure } from './figure.ts'
import { createSpread } from './spread.ts'
import type { Store } from './stores.ts'

const ASKED = { sqlite: 50_000, postgres: 60_000 } as const
const SMALL = 100
const APART_MS = 2

/**
 * How many rows a second are closed, with the unique key, the rollup and what it takes to fold the rows. Batches
 * come as the recorder sends them: one that is full is made ready while the one before is on its way.
 */
export async function measureIngest(store: Store, rows: number, rounds: number): Promise<Figure[]> {
  const close = createRequestClose(store.handle, foldRows)
  const record = createSpread(1)
  // Time goes on, as it does for a server: ids and times come in order.
  let time = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - HOUR_MS
  const nextRow = (): RequestsTable => {
    time += APART_MS
    return toRequestRow(record(time))
  }
  const figures: Figure[] = []
  for (const size of [MAX_CLOSED, SMALL]) {
    const rates: number[] = []
    // The first round warms up.
    for (let round = 0; round <= rounds; round++) {
      const made = Array.from({ length: rows }, nextRow)
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
  let before: Promise<void> | undefined
  for (let i = 0; i < rows.length; i += size) {
    const closed = close(rows.slice(i, i + size))
    await before
    if (size < MAX_CLOSED) await closed
    before = closed
  }
  await before
  return (rows.length / (performance.now() - started)) * 1000
}
