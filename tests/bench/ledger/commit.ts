import { createMemoryJournal } from '../../../app/usage/memory-journal.ts'
import { createRecorder } from '../../../app/usage/recorder.ts'
import { foldRows, toRequestRow } from '../../../app/usage/row.ts'
import { createRequestClose, MAX_CLOSED } from '../../../db/queries/close-requests.ts'
import { quantile } from '../statistics.ts'
import type { Figure } from './figure.ts'
import { createSpread } from './spread.ts'
import type { Store } from './stores.ts'

const WARM_UP_MS = 1000
const CLIENTS = 256
const ASKED_P50_MS = 2
const ASKED_P99_MS = 15
const ASKED_ROWS = 100

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** How long the end of a stream waits for its row, and how many rows share a statement. */
export async function measureCommit(store: Store, ms: number): Promise<Figure[]> {
  const load = createLoad(store)
  await load.open(500, WARM_UP_MS)
  const calm = await load.open(500, ms)
  const busy = await load.open(1000, ms)
  const full = await load.closed(CLIENTS, ms)
  await load.close()
  const waits = (times: number[]) =>
    `p50 ${quantile(times, 0.5).toFixed(2)} ms, p99 ${quantile(times, 0.99).toFixed(2)} ms`
  const about = { store: store.kind }
  return [
    {
      ...about,
      name: 'a row is committed, 500/s open loop',
      asked: `p50 <= ${ASKED_P50_MS} ms, p99 <= ${ASKED_P99_MS} ms`,
      reached: waits(calm.times),
      ok: quantile(calm.times, 0.5) <= ASKED_P50_MS && quantile(calm.times, 0.99) <= ASKED_P99_MS,
    },
    { ...about, name: 'a row is committed, 1000/s open loop', reached: waits(busy.times) },
    {
      ...about,
      name: 'rows per statement, 1000/s open loop',
      asked: `>= ${ASKED_ROWS}`,
      reached: busy.rowsPerStatement.toFixed(1),
      ok: busy.rowsPerStatement >= ASKED_ROWS,
    },
    {
      ...about,
      name: `rows per statement, ${CLIENTS} clients closed loop`,
      asked: `>= ${ASKED_ROWS}`,
      reached: `${full.rowsPerStatement.toFixed(1)} (${full.perSecond.toFixed(0)} rows/s, ${waits(full.times)})`,
      ok: full.rowsPerStatement >= ASKED_ROWS,
    },
  ]
}

type Waits = { times: number[]; rowsPerStatement: number; perSecond: number }

function createLoad({ handle }: Store) {
  const add = createRequestClose(handle, foldRows)
  const record = createSpread(2)
  let statements = 0
  const recorder = createRecorder({
    write: async (rows) => {
      statements++
      await add(rows.map(toRequestRow))
    },
    maxRows: MAX_CLOSED,
    journal: createMemoryJournal(),
    log: silent as never,
  })
  const recordOne = async (times: number[]): Promise<void> => {
    const row = record(Date.now())
    const begun = performance.now()
    await recorder.record(row)
    times.push(performance.now() - begun)
  }
  const counted = async (run: (times: number[]) => Promise<void>): Promise<Waits> => {
    const times: number[] = []
    const before = statements
    const started = performance.now()
    await run(times)
    const perSecond = (times.length / (performance.now() - started)) * 1000
    return { times, perSecond, rowsPerStatement: times.length / (statements - before) }
  }

  return {
    /** So many a second, however long each takes. */
    open: (perSecond: number, ms: number): Promise<Waits> =>
      counted(async (times) => {
        const started = performance.now()
        const ends: Promise<void>[] = []
        for (let due = 0; due < ms; ) {
          const now = performance.now() - started
          // To spin until then would take one of two cores from the database.
          if (now < due) {
            await Bun.sleep(1)
            continue
          }
          ends.push(recordOne(times))
          due += 1000 / perSecond
        }
        await Promise.all(ends)
      }),
    /** Each client's next when the one before is in. */
    closed: (clients: number, ms: number): Promise<Waits> =>
      counted(async (times) => {
        const end = performance.now() + ms
        const client = async (): Promise<void> => {
          while (performance.now() < end) await recordOne(times)
        }
        await Promise.all(Array.from({ length: clients }, client))
      }),
    close: () => recorder.close(1000),
  }
}
