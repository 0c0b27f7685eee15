import { type ColumnDataType, type Kysely, sql } from 'kysely'

const ADDED: Readonly<Record<string, readonly (readonly [string, ColumnDataType])[]>> = {
  roles: [
    ['weight', 'integer'],
    ['priority', 'text'],
  ],
  api_keys: [
    ['replaced_by', 'text'],
    ['rotate_every_ms', 'bigint'],
    ['rotation_grace_ms', 'bigint'],
    ['rotates_at', 'bigint'],
    ['sealed_text', 'text'],
    ['last_used_at', 'bigint'],
    ['last_used_address', 'text'],
    ['last_used_agent', 'text'],
  ],
  audit_log: [
    ['address', 'text'],
    ['request_id', 'text'],
  ],
}

const TABLES = [
  'sessions',
  'signing_keys',
  'invitations',
  'idempotency_keys',
  'api_key_scopes',
  'api_key_addresses',
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const [table, columns] of Object.entries(ADDED)) {
    for (const [name, type] of columns) {
      await db.schema.alterTable(table).addColumn(name, type).execute()
    }
  }
  await db.schema
    .alterTable('audit_log')
    .addColumn('outcome', 'text', (c) => c.notNull().defaultTo('done'))
    .execute()
  await db.schema.createIndex('audit_log_target').on('audit_log').columns(['target']).execute()
  await nameKeyFamilies(db)
  await createSessions(db)
  await createKeyTables(db)
  await createRequestTables(db)
}

/** What the older program does not understand must not mean more to it: restricted keys, and refusals. */
export async function down(db: Kysely<unknown>): Promise<void> {
  await sql`update api_keys set revoked_at = created_at
    where revoked_at is null and id in (select key_id from api_key_scopes)`.execute(db)
  await sql`update audit_log set action = 'refused: ' || action where outcome = 'refused'`.execute(
    db,
  )
  for (const table of TABLES) await db.schema.dropTable(table).execute()
  await db.schema.dropIndex('api_keys_rotates_at').execute()
  await db.schema.alterTable('api_keys').dropColumn('family_id').execute()
  await db.schema.dropIndex('audit_log_target').execute()
  await db.schema.alterTable('audit_log').dropColumn('outcome').execute()
  for (const [table, columns] of Object.entries(ADDED)) {
    for (const [name] of columns) await db.schema.alterTable(table).dropColumn(name).execute()
  }
}

/** A key and its successors are one family: what is limited on a key holds for all of them. */
async function nameKeyFamilies(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('api_keys')
    .addColumn('family_id', 'text', (c) => c.notNull().defaultTo(''))
    .execute()
  await sql`update api_keys set family_id = id`.execute(db)
  await db.schema
    .createIndex('api_keys_rotates_at')
    .on('api_keys')
    .column('rotates_at')
    .where(sql.ref('rotates_at'), 'is not', null)
    .execute()
}

async function createSessions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('sessions')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('user_id', 'text', (c) => c.notNull().references('users.id'))
    .addColumn('salt', 'text', (c) => c.notNull())
    .addColumn('generation', 'integer', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('rotated_at', 'bigint', (c) => c.notNull())
    .addColumn('idle_expires_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('revoked_at', 'bigint')
    .addColumn('revoked_reason', 'text')
    .addColumn('address', 'text')
    .addColumn('agent', 'text')
    .execute()
  await db.schema
    .createIndex('sessions_user')
    .on('sessions')
    .columns(['user_id', 'created_at'])
    .execute()
  await db.schema
    .createTable('signing_keys')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('public_jwk', 'text', (c) => c.notNull())
    .addColumn('sealed_private_jwk', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('signs_from', 'bigint', (c) => c.notNull())
    .execute()
  await db.schema
    .createTable('invitations')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('digest', 'text', (c) => c.notNull().unique())
    .addColumn('role_id', 'text', (c) => c.notNull().references('roles.id').onDelete('cascade'))
    .addColumn('created_by', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('used_at', 'bigint')
    .addColumn('used_by', 'text')
    .execute()
}

async function createKeyTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('api_key_scopes')
    .addColumn('key_id', 'text', (c) => c.notNull().references('api_keys.id').onDelete('cascade'))
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('value', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('api_key_scopes_pk', ['key_id', 'kind', 'value'])
    .execute()
  await db.schema
    .createTable('api_key_addresses')
    .addColumn('key_id', 'text', (c) => c.notNull().references('api_keys.id').onDelete('cascade'))
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('first_used_at', 'bigint', (c) => c.notNull())
    .addColumn('last_used_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('api_key_addresses_pk', ['key_id', 'address'])
    .execute()
}

async function createRequestTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('idempotency_keys')
    .addColumn('digest', 'text', (c) => c.primaryKey())
    .addColumn('fingerprint', 'text', (c) => c.notNull())
    .addColumn('sealed_answer', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute()
  await db.schema
    .createIndex('idempotency_keys_created')
    .on('idempotency_keys')
    .column('created_at')
    .execute()
}
