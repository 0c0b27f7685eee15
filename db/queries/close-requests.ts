import type { DatabaseHandle } from '../client.ts'
import { databaseFault, isPostgres } from '../codec.ts'
import type { RequestsTable, UsageHourlyTable } from '../schema.ts'
import { knownRequests } from './known-requests.ts'

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
    let missing = [...new Map(rows.map((row) => [row.id, row])).values()]
    while (missing.length > 0) {
      try {
        return await add(missing, fold(missing))
      } catch (err) {
        if (databaseFault(err) !== 'unique') throw err
        const ids = missing.map(({ id }) => id)
        const known = await knownRequests(handle, ids)
        // What is not there, and is in the way all the same, will be in the way again.
        if (known.size === 0) throw err
        missing = missing.filter(({ id }) => !known.has(id))
      }
    }
  }
}

type Add = (rows: readonly RequestsTable[], rollups: readonly UsageHourlyTable[]) => Promise<void>

/**
 * One statement, the same for any number of rows: arrays go in, one for each column, but the measures all
 * in one, because most of them are 0 and each array costs.
 */
function addOnPostgres({ run }: DatabaseHandle): Add {
  let sql: string | undefined
  return async (rows, rollups) => {
    const measures = measuresOf(rollups)
    sql ??= postgresStatement(measures)
    const flat = `{${rollups.map((rollup) => valuesOf(rollup, measures).join()).join()}}`
    await run(sql, [...columnwise(rows, COLUMNS), ...columnwise(rollups, KEY), flat])
  }
}

function postgresStatement(measures: readonly string[]): string {
  const key = 1 + Object.keys(COLUMNS).length
  const flat = key + Object.keys(KEY).length
  const taken = measures.map((_, i) => `($${flat}::bigint[])[before + ${i + 1}]`).join(', ')
  // Materialized, so that `before` is worked out once for each row and not for each measure.
  return `with closed as (
      insert into requests (${names(COLUMNS)}) select * from unnest(${arrays(COLUMNS, 1)})
    ), keys as materialized (
      select *, cast((place - 1) * ${measures.length} as integer) as before
      from unnest(${arrays(KEY, key)}) with ordinality as one(${names(KEY)}, place)
    )
    insert into usage_hourly (${names(KEY)}, ${measures.join(', ')})
    select ${names(KEY)}, ${taken} from keys
    ${addingUp(measures)}`
}

function addOnSqlite({ runTogether }: DatabaseHandle): Add {
  const columns = Object.keys(COLUMNS)
  const insert = `insert into requests (${names(COLUMNS)}) values (${marks(columns)})`
  let addUp: string | undefined
  return async (rows, rollups) => {
    const measures = measuresOf(rollups)
    const all = [...Object.keys(KEY), ...measures]
    addUp ??= `insert into usage_hourly (${all.join(', ')}) values (${marks(all)}) ${addingUp(measures)}`
    await runTogether([
      { sql: insert, times: rows.map((row) => valuesOf(row, columns)) },
      { sql: addUp, times: rollups.map((rollup) => valuesOf(rollup, all)) },
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
const marks = (columns: readonly string[]): string => columns.map(() => '?').join(', ')
const arrays = (columns: Readonly<Record<string, string>>, from: number): string =>
  Object.values(columns)
    .map((type, i) => `$${from + i}::${type}[]`)
    .join(', ')

const valuesOf = (row: object, columns: readonly string[]): unknown[] =>
  columns.map((name) => (row as Readonly<Record<string, unknown>>)[name])

/** Array literals, made by hand: the driver takes several times as long. */
const columnwise = (rows: readonly object[], columns: Readonly<Record<string, string>>): string[] =>
  Object.entries(columns).map(([name, type]) => {
    const literal = type === 'text' ? quoted : String
    const values = rows.map((row) => (row as Readonly<Record<string, unknown>>)[name])
    return `{${values.map((value) => (value === null ? 'NULL' : literal(value))).join()}}`
  })

const quoted = (value: unknown): string => `"${String(value).replace(/["\\]/g, '\\$&')}"`
