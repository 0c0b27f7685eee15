import { type Kysely, sql } from 'kysely'

interface Seeded {
  roles: {
    id: string
    name: string
    parent_id: string | null
    description: string
    created_at: number
  }
  role_permissions: { role_id: string; permission: string }
  model_policies: { role_id: string; pattern: string }
  revision: { id: number; value: number }
}

const ROLES = [
  { id: 'role-basic', name: 'basic', parent_id: null, description: 'Uses the shared Ollama' },
  {
    id: 'role-premium',
    name: 'premium',
    parent_id: 'role-basic',
    description: 'Uses every gateway',
  },
  { id: 'role-admin', name: 'admin', parent_id: 'role-premium', description: 'Does everything' },
]

const PERMISSIONS: Record<string, string[]> = {
  'role-basic': ['gateway:ollama'],
  'role-premium': ['gateway:openai', 'gateway:anthropic'],
  'role-admin': [
    'models:manage',
    'users:manage',
    'roles:manage',
    'limits:manage',
    'gateways:manage',
    'backends:manage',
    'usage:read',
    'audit:read',
    'metrics:read',
    'cloud:use',
  ],
}

const MODELS = [
  { role_id: 'role-basic', pattern: '*' },
  { role_id: 'role-admin', pattern: '*' },
]

export async function up(db: Kysely<unknown>): Promise<void> {
  await createPeople(db)
  await createKeys(db)
  await createLedger(db)
  await seed(db as Kysely<Seeded>)
}

export async function down(db: Kysely<unknown>): Promise<void> {
  const tables = [
    'revision',
    'audit_log',
    'requests',
    'api_keys',
    'user_roles',
    'model_policies',
    'role_permissions',
    'roles',
    'users',
  ]
  for (const table of tables) await db.schema.dropTable(table).execute()
}

async function createPeople(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('users')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('username', 'text', (c) => c.notNull())
    .addColumn('password_hash', 'text')
    .addColumn('disabled', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addColumn('deleted_at', 'bigint')
    .execute()
  await db.schema
    .createIndex('users_username_unique')
    .unique()
    .on('users')
    .column('username')
    .where(sql.ref('deleted_at'), 'is', null)
    .execute()
  await db.schema
    .createTable('roles')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull().unique())
    .addColumn('parent_id', 'text', (c) => c.references('roles.id'))
    .addColumn('description', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute()
  await db.schema
    .createTable('role_permissions')
    .addColumn('role_id', 'text', (c) => c.notNull().references('roles.id').onDelete('cascade'))
    .addColumn('permission', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('role_permissions_pk', ['role_id', 'permission'])
    .execute()
  await db.schema
    .createTable('model_policies')
    .addColumn('role_id', 'text', (c) => c.notNull().references('roles.id').onDelete('cascade'))
    .addColumn('pattern', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('model_policies_pk', ['role_id', 'pattern'])
    .execute()
  await db.schema
    .createTable('user_roles')
    .addColumn('user_id', 'text', (c) => c.notNull().references('users.id').onDelete('cascade'))
    .addColumn('role_id', 'text', (c) => c.notNull().references('roles.id').onDelete('cascade'))
    .addColumn('granted_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint')
    .addPrimaryKeyConstraint('user_roles_pk', ['user_id', 'role_id'])
    .execute()
}

async function createKeys(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('api_keys')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('user_id', 'text', (c) => c.notNull().references('users.id'))
    .addColumn('digest', 'text', (c) => c.notNull().unique())
    .addColumn('last_four', 'text', (c) => c.notNull())
    .addColumn('description', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint')
    .addColumn('revoked_at', 'bigint')
    .execute()
  await db.schema.createIndex('api_keys_user').on('api_keys').column('user_id').execute()
}

async function createLedger(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('requests')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('request_id', 'text', (c) => c.notNull())
    .addColumn('user_id', 'text', (c) => c.notNull())
    .addColumn('key_id', 'text', (c) => c.notNull())
    .addColumn('gateway', 'text', (c) => c.notNull())
    .addColumn('operation', 'text', (c) => c.notNull())
    .addColumn('model', 'text')
    .addColumn('backend', 'text')
    .addColumn('prompt_tokens', 'bigint', (c) => c.notNull())
    .addColumn('completion_tokens', 'bigint', (c) => c.notNull())
    .addColumn('estimated', 'integer', (c) => c.notNull())
    .addColumn('queue_ms', 'bigint', (c) => c.notNull())
    .addColumn('load_ms', 'bigint', (c) => c.notNull())
    .addColumn('first_token_ms', 'bigint')
    .addColumn('total_ms', 'bigint', (c) => c.notNull())
    .addColumn('status', 'integer', (c) => c.notNull())
    .addColumn('outcome', 'text', (c) => c.notNull())
    .addColumn('error_code', 'text')
    .addColumn('started_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint', (c) => c.notNull())
    .execute()
  await db.schema
    .createIndex('requests_user_started')
    .on('requests')
    .columns(['user_id', 'started_at'])
    .execute()
  await db.schema
    .createTable('audit_log')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('actor', 'text', (c) => c.notNull())
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('target', 'text', (c) => c.notNull())
    .addColumn('detail', 'text', (c) => c.notNull())
    .execute()
  await db.schema.createIndex('audit_log_at').on('audit_log').column('at').execute()
  await db.schema
    .createTable('revision')
    .addColumn('id', 'integer', (c) => c.primaryKey())
    .addColumn('value', 'bigint', (c) => c.notNull())
    .execute()
}

async function seed(db: Kysely<Seeded>): Promise<void> {
  await db
    .insertInto('roles')
    .values(ROLES.map((role) => ({ ...role, created_at: 0 })))
    .execute()
  const permissions = Object.entries(PERMISSIONS).flatMap(([role_id, names]) =>
    names.map((permission) => ({ role_id, permission })),
  )
  await db.insertInto('role_permissions').values(permissions).execute()
  await db.insertInto('model_policies').values(MODELS).execute()
  await db.insertInto('revision').values({ id: 1, value: 1 }).execute()
}
