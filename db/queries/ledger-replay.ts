import type { Db } from '../client.ts'
import type { RequestsTable } from '../schema.ts'

const COLUMNS = [
  'id',
  'user_id',
  'operation',
  'model',
  'prompt_tokens',
  'completion_tokens',
  'compute_ms',
  'started_at',
  'ended_at',
] as const satisfies readonly (keyof RequestsTable)[]

export type LedgerRow = Pick<RequestsTable, (typeof COLUMNS)[number]>

export interface LedgerRange {
  /** Of these users; at most 20,000, or of everybody when left out. */
  readonly userIds?: readonly string[] | undefined
  /** Only those with a key of this family, by the id of its first key. */
  readonly keyFamily?: string | undefined
  readonly gateway?: string | undefined
  readonly model?: string | undefined
  readonly operations: readonly string[]
  /** Requests that started from `from` on and before `until`, in epoch ms. */
  readonly from: number
  readonly until: number
}

/** Rows that are read at once. */
const PAGE = 2000
/**
 * Into how many parts the time is cut. The rows of many users have no index in the order of time:
 * each page sorts what is left of its part.
 */
const PARTS = 64

/**
 * The requests that cost something, in the order in which they started, a page at a time. Those that
 * failed before their first token cost nothing.
 */
export async function* readLedger(db: Db, range: LedgerRange): AsyncGenerator<LedgerRow[]> {
  if (range.userIds?.length === 0) return
  const partMs = Math.ceil((range.until - range.from) / PARTS)
  for (let from = range.from; from < range.until; from += partMs) {
    const part = { ...range, from, until: Math.min(from + partMs, range.until) }
    let last: LedgerRow | undefined
    do {
      const rows = await readPage(db, part, last)
      yield rows
      last = rows.length === PAGE ? rows.at(-1) : undefined
    } while (last)
  }
}

async function readPage(
  db: Db,
  range: LedgerRange,
  after: LedgerRow | undefined,
): Promise<LedgerRow[]> {
  let query = db
    .selectFrom('requests')
    .select(COLUMNS)
    .where('started_at', '>=', after?.started_at ?? range.from)
    .where('started_at', '<', range.until)
    .where('operation', 'in', range.operations)
    .where((eb) =>
      eb.or([
        eb('outcome', '!=', 'failed'),
        eb('prompt_tokens', '>', 0),
        eb('completion_tokens', '>', 0),
      ]),
    )
  if (range.userIds !== undefined) query = query.where('user_id', 'in', range.userIds)
  const family = range.keyFamily
  if (family !== undefined) {
    query = query.where('key_id', 'in', (eb) =>
      eb.selectFrom('api_keys').select('api_keys.id').where('api_keys.family_id', '=', family),
    )
  }
  if (range.gateway !== undefined) query = query.where('gateway', '=', range.gateway)
  if (range.model !== undefined) query = query.where('model', '=', range.model)
  if (after) {
    query = query.where((eb) =>
      eb.or([eb('started_at', '>', after.started_at), eb('id', '>', after.id)]),
    )
  }
  return await query.orderBy('started_at').orderBy('id').limit(PAGE).execute()
}
