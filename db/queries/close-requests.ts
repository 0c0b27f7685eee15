import type { DatabaseHandle, Db } from '../client.ts'
import { databaseFault, isPostgres } from '../codec.ts'
import type { RequestsTable, UsageHourlyTable } from '../schema.ts'

/** Most rows that are closed in one statement. */
export const MAX_CLOSED = 1000

/** What is to be added to the rollup for these rows. */
export type Fold = (rows: readonly RequestsTable[]) => readonly UsageHourlyTable[]

/** The columns of the ledger, in the order of the statement's parameters, with their types in PostgreSQL. */
const COLUMNS = {
  id: 'text',
  request_id: 'text',
  user_id: 'text',
  key_id: 'text',
  gateway: 'text',
  operation: 'text',
  model: 'text',
  backend: 'text',
  prompt_tokens: 'bigint',
  completion_tokens: 'bigint',
  estimated: 'integer',
  queue_ms: 'bigint',
  load_ms: 'bigint',
  compute_ms: 'bigint',
  first_token_ms: 'bigint',
  total_ms: 'bigint',
  status: 'integer',
  outcome: 'text',
  error_code: 'text',
  started_at: 'bigint',
  ended_at: 'bigint',
} as const satisfies Record<keyof RequestsTable, string>

const KEY = {
  user_id: 'text',
  hour: 'bigint',
  gateway: 'text',
  model: 'text',
  key_id: 'text',
} as const

/**
 * Makes the function that closes up to MAX_CLOSED requests: their rows are added to the ledger and what
 * they used to the rollup, both or neither. A row that is there already is left as it is and adds nothing,
 * so the same rows can be closed again by whoever does not know whether they were.
 */
export function createRequestClose(
  handle: DatabaseHandle,
  fold: Fold,
): (rows: readonly RequestsTable[]) => Promise<void> {
  const add = isPostgres(handle.db) ? addOnPostgres(handle) : addOnSqlite(handle)
  return async (rows) => {
    let missing = rows
    while (missing.length > 0) {
      try {
        return await add(missing, fold(missing))
      } catch (err) {
        if (databaseFault(err) !== 'unique') throw err
      }
      const known = await knownIds(handle.db, missing)
      missing = missing.filter(({ id }) => !known.has(id))
    }
  }
}

async function knownIds(db: Db, rows: readonly RequestsTable[]): Promise<Set<string>> {
  const ids = rows.map(({ id }) => id)
  const known = await db.selectFrom('requests').select('id').where('id', 'in', ids).execute()
  return new Set(known.map(({ id }) => id))
}

type Add = (rows: readonly RequestsTable[], rollups: readonly UsageHourlyTable[]) => Promise<void>

/** One statement, the same for any number of rows: arrays go in, one for each column. */
function addOnPostgres({ run }: DatabaseHandle): Add {
  let sql: string | undefined
  return async (rows, rollups) => {
    const measures = measuresOf(rollups)
    const types = { ...KEY, ...Object.fromEntries(measures.map((name) => [name, 'bigint'])) }
    sql ??= `with closed as (
        insert into requests (${names(COLUMNS)}) select * from unnest(${arrays(COLUMNS, 1)})
      )
      insert into usage_hourly (${names(types)})
      select * from unnest(${arrays(types, 1 + Object.keys(COLUMNS).length)})
      ${addingUp(measures)}`
    await run(sql, [...columnwise(rows, COLUMNS), ...columnwise(rollups, types)])
  }
}

function addOnSqlite({ runTogether }: DatabaseHandle): Add {
  const insert = `insert into requests (${names(COLUMNS)}) values (${marks(COLUMNS)})`
  let addUp: string | undefined
  return async (rows, rollups) => {
    const measures = measuresOf(rollups)
    const columns = { ...KEY, ...Object.fromEntries(measures.map((name) => [name, ''])) }
    addUp ??= `insert into usage_hourly (${names(columns)}) values (${marks(columns)}) ${addingUp(measures)}`
    await runTogether([
      { sql: insert, times: rowwise(rows, COLUMNS) },
      { sql: addUp, times: rowwise(rollups, columns) },
    ])
  }
}

const measuresOf = ([first]: readonly UsageHourlyTable[]): string[] =>
  Object.keys(first ?? {}).filter((name) => !(name in KEY))

const addingUp = (measures: readonly string[]): string =>
  `on conflict (${names(KEY)}) do update set ${measures
    .map((name) => `${name} = usage_hourly.${name} + excluded.${name}`)
    .join(', ')}`

const names = (columns: object): string => Object.keys(columns).join(', ')
const marks = (columns: object): string =>
  Object.keys(columns)
    .map(() => '?')
    .join(', ')
const arrays = (columns: Readonly<Record<string, string>>, from: number): string =>
  Object.values(columns)
    .map((type, i) => `$${from + i}::${type}[]`)
    .join(', ')

const columnwise = <Row extends object>(rows: readonly Row[], columns: object): unknown[][] =>
  (Object.keys(columns) as (keyof Row)[]).map((name) => rows.map((row) => row[name]))
const rowwise = <Row extends object>(rows: readonly Row[], columns: object): unknown[][] => {
  const keys = Object.keys(columns) as (keyof Row)[]
  return rows.map((row) => keys.map((name) => row[name]))
}
