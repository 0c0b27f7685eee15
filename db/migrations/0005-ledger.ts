import { type Kysely, PostgresAdapter, sql } from 'kysely'

const TEXTS = ['request_id', 'user_id', 'key_id', 'gateway', 'operation']
const COUNTS = [
  'prompt_tokens',
  'completion_tokens',
  'queue_ms',
  'load_ms',
  'compute_ms',
  'total_ms',
]
const TIMES = ['started_at', 'ended_at']
const COLUMNS = [
  ...['id', ...TEXTS, 'model', 'backend', ...COUNTS, ...TIMES],
  ...['estimated', 'first_token_ms', 'status', 'outcome', 'error_code'],
]

const KEY = ['user_id', 'hour', 'gateway', 'model', 'key_id']
const SUMS = [
  'requests',
  'completed',
  'cancelled',
  'failed',
  'expired',
  'estimated',
  'prompt_tokens',
  'completion_tokens',
  'queue_ms',
  'load_ms',
  'cold_loads',
  'cold_load_ms',
  'compute_ms',
]
const DURATIONS = [
  ...[25, 40, 60, 100, 150, 250, 400, 600, 1000, 1500, 2500, 4000, 6000, 10_000, 15_000, 25_000],
  ...[40_000, 60_000, 100_000, 150_000, 250_000, 400_000, 600_000],
]
const CONTEXTS = [256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072, 262_144]

interface Class {
  readonly name: string
  /** The rows that count, as a condition. */
  readonly holds: string
}

const classes = (
  name: string,
  value: string,
  bounds: readonly number[],
  counted: string,
): Class[] =>
  Array.from({ length: bounds.length + 1 }, (_, i) => {
    const above = i > 0 ? `${value} > ${bounds[i - 1]}` : ''
    const within = i < bounds.length ? `${value} <= ${bounds[i]}` : ''
    return { name: `${name}_${i}`, holds: [counted, above, within].filter(Boolean).join(' and ') }
  })

const TOKENS = 'prompt_tokens + completion_tokens'
const CLASSES = [
  ...classes('duration', 'total_ms', DURATIONS, `${TOKENS} > 0 and outcome = 'completed'`),
  ...classes(
    'first_token',
    'first_token_ms',
    DURATIONS,
    'first_token_ms is not null and completion_tokens > 0',
  ),
  ...classes('context', TOKENS, CONTEXTS, `${TOKENS} > 0`),
]

export async function up(db: Kysely<unknown>): Promise<void> {
  await createRollup(db)
  await rebuildRequests(db)
  await fillRollup(db, 'user_id', 'key_id')
  await fillRollup(db, `'*'`, `'*'`)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropTable('usage_hourly').execute()
  await db.schema.alterTable('requests').renameTo('requests_before').execute()
  await createRequests(db, 'requests_by_text', '')
  await moveRequests(db)
  await db.schema
    .createIndex('requests_user_started')
    .on('requests')
    .columns(['user_id', 'started_at'])
    .execute()
}

async function createRollup(db: Kysely<unknown>): Promise<void> {
  let table = db.schema
    .createTable('usage_hourly')
    .addColumn('user_id', 'text', (c) => c.notNull())
    .addColumn('hour', 'bigint', (c) => c.notNull())
    .addColumn('gateway', 'text', (c) => c.notNull())
    .addColumn('model', 'text', (c) => c.notNull())
    .addColumn('key_id', 'text', (c) => c.notNull())
  for (const sum of SUMS) table = table.addColumn(sum, 'bigint', (c) => c.notNull().defaultTo(0))
  for (const { name } of CLASSES)
    table = table.addColumn(name, 'integer', (c) => c.notNull().defaultTo(0))
  table = table.addPrimaryKeyConstraint('usage_hourly_pk', KEY as never)
  // What is asked for is ranges of the key: the rows lie in its order.
  if (!isPostgres(db)) table = table.modifyEnd(sql`without rowid`)
  await table.execute()
  await db.schema.createIndex('usage_hourly_hour').on('usage_hourly').column('hour').execute()
}

/** The rows come to lie in the order of their ids: by day on PostgreSQL, where a day can be dropped at once. */
async function rebuildRequests(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('requests').renameTo('requests_before').execute()
  await createRequests(
    db,
    'requests_by_id',
    isPostgres(db) ? 'partition by range (id)' : 'without rowid',
  )
  if (isPostgres(db))
    await sql`create table requests_rest partition of requests default`.execute(db)
  await moveRequests(db)
  await db.schema
    .createIndex('requests_user_started')
    .on('requests')
    .columns(['user_id', 'started_at'])
    .execute()
  await db.schema.createIndex('requests_ended').on('requests').column('ended_at').execute()
}

async function createRequests(db: Kysely<unknown>, primaryKey: string, end: string): Promise<void> {
  const isSorted = isPostgres(db) && end !== ''
  let table = db.schema
    .createTable('requests')
    .addColumn('id', isSorted ? sql`text collate "C"` : 'text', (c) => c.notNull())
  for (const name of TEXTS) table = table.addColumn(name, 'text', (c) => c.notNull())
  table = table.addColumn('model', 'text').addColumn('backend', 'text')
  for (const name of [...COUNTS, ...TIMES])
    table = table.addColumn(name, 'bigint', (c) => c.notNull())
  await table
    .addColumn('estimated', 'integer', (c) => c.notNull())
    .addColumn('first_token_ms', 'bigint')
    .addColumn('status', 'integer', (c) => c.notNull())
    .addColumn('outcome', 'text', (c) => c.notNull())
    .addColumn('error_code', 'text')
    .addPrimaryKeyConstraint(primaryKey, ['id'])
    .modifyEnd(sql.raw(end))
    .execute()
}

async function moveRequests(db: Kysely<unknown>): Promise<void> {
  const columns = sql.join(COLUMNS.map((name) => sql.ref(name)))
  await sql`insert into requests (${columns}) select ${columns} from requests_before`.execute(db)
  await db.schema.dropTable('requests_before').execute()
}

/** What is in the ledger already, summed up as rows that come are. */
async function fillRollup(db: Kysely<unknown>, user: string, key: string): Promise<void> {
  const count = (holds: string) => `sum(case when ${holds} then 1 else 0 end)`
  const sums: Record<string, string> = {
    requests: 'count(*)',
    completed: count(`outcome = 'completed'`),
    cancelled: count(`outcome = 'cancelled'`),
    failed: count(`outcome = 'failed'`),
    expired: '0',
    cold_loads: count('load_ms >= 1000'),
    cold_load_ms: 'sum(case when load_ms >= 1000 then load_ms else 0 end)',
  }
  const of = [user, 'started_at / 3600000 * 3600000', 'gateway', `coalesce(model, '')`, key]
  const measures = [
    ...SUMS.map((name) => sums[name] ?? `sum(${name})`),
    ...CLASSES.map(({ holds }) => count(holds)),
  ]
  const columns = [...KEY, ...SUMS, ...CLASSES.map(({ name }) => name)].join(', ')
  const isKeyed = of.filter((part) => part !== `'*'`)
  await sql
    .raw(`insert into usage_hourly (${columns}) select ${[...of, ...measures].join(', ')}
          from requests group by ${isKeyed.join(', ')}`)
    .execute(db)
}

const isPostgres = (db: Kysely<unknown>): boolean =>
  db.getExecutor().adapter instanceof PostgresAdapter
