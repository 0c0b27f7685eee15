import { describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { type DatabaseHandle, type Db, openDatabase } from '../../../db/client.ts'
import { migrateUp } from '../../../db/migrate.ts'
import { gatewayActivity } from '../../../db/queries/gateway-activity.ts'
import * as gateways from '../../../db/queries/gateways.ts'
import { findKey, insertKey, listKeys, revokeKeys } from '../../../db/queries/keys.ts'
import { listRequests } from '../../../db/queries/requests.ts'
import { raiseRevision, readRevision } from '../../../db/queries/revision.ts'
import * as roles from '../../../db/queries/roles.ts'
import * as users from '../../../db/queries/users.ts'
import { findVerification } from '../../../db/queries/verification.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { freshDatabase, postgresForTests } from '../../support/servers.ts'

/** Names whose order depends on the language, unless the database compares bytes. */
const NAMES = ['ab', 'a.b', 'a-b', 'a_b', 'a@b', 'b', '0', 'a0', 'a-c', 'ac']
const PATTERNS = ['llama3:8b', 'llama-2', 'llama*', 'llama3*', '*', 'hf.co/x/y', 'hf-x']

const requests = [
  requestRow({ id: 'r1', user_id: 'id-ab', started_at: 5, ended_at: 6 }),
  requestRow({ id: 'r2', user_id: 'id-ab', started_at: 5, ended_at: 6, model: null }),
  requestRow({ id: 'r3', user_id: 'id-ab', started_at: 4, ended_at: 2 ** 52, estimated: 1 }),
  ...['b-b', 'b.b', 'bb'].map((gateway, i) =>
    requestRow({
      id: Bun.randomUUIDv7('hex', 1000 + i),
      gateway,
      total_ms: 2 ** 50,
      started_at: 9,
    }),
  ),
]

async function fill(handle: DatabaseHandle): Promise<void> {
  const { db } = handle
  for (const [i, username] of NAMES.entries()) {
    const id = `id-${username}`
    const times = { created_at: 1_700_000_000_000 + i, updated_at: 1_700_000_000_000 }
    const user = { id, username, password_hash: null, disabled: i % 2, deleted_at: null }
    await users.insertUser(db, { ...user, ...times })
    const membership = { user_id: id, granted_at: 1, expires_at: i === 2 ? 99 : null }
    const role_id = i % 3 === 0 ? 'role-admin' : 'role-basic'
    await roles.upsertUserRole(db, { ...membership, role_id })
    await roles.upsertUserRole(db, { ...membership, role_id: 'role-premium' })
    const key = { id: `key-${9 - i}`, user_id: id, digest: `digest-${i}`, last_four: 'abcd' }
    const end = { expires_at: i === 1 ? 2 ** 50 : null, revoked_at: null }
    await insertKey(db, { ...key, ...end, description: 'é "x" \\', created_at: 7 })
  }
  await users.updateUser(db, 'id-b', { deleted_at: 8, password_hash: null })
  await users.insertUser(db, { ...(await anyUser(db)), id: 'id-b2', username: 'b', created_at: 9 })
  await roles.replaceRoleModels(db, 'role-basic', PATTERNS)
  await insertRequests(handle, requests)
  await gateways.upsertGateway(db, { name: 'openai', updated_at: 1, enabled: 0 })
  await gateways.upsertGateway(db, { name: 'open-ai', updated_at: 2, default_model: '' })
  const aliases = NAMES.map((alias) => ({ gateway: 'openai', alias, model: 'llama3:latest' }))
  const times = { created_at: 1, updated_at: 2 ** 50 }
  await gateways.upsertModelAliases(
    db,
    aliases.map((alias) => ({ ...alias, ...times })),
  )
}

const anyUser = (db: Db) => db.selectFrom('users').selectAll().limit(1).executeTakeFirstOrThrow()

/** What every query says, under its name. */
async function everything(db: Db): Promise<Record<string, unknown>> {
  const revoked = await revokeKeys(db, { id: 'key-5' }, 77)
  await db.transaction().execute(raiseRevision)
  const verified = await Promise.all(
    NAMES.map((_, i) => findVerification(db, { digest: `digest-${i}` })),
  )
  return {
    revoked,
    again: await revokeKeys(db, { id: 'key-5' }, 78),
    revokedByUser: await revokeKeys(db, { userId: 'id-ac' }, 79),
    revision: await readRevision(db),
    users: await users.listUsers(db),
    user: await users.findUser(db, 'a-b'),
    nobody: await users.findUser(db, 'zz'),
    ever: await users.findUsersEver(db, 'b'),
    roles: await roles.listRoles(db),
    role: await roles.findRole(db, 'premium'),
    permissions: await roles.rolePermissions(db, 'role-admin'),
    models: (await roles.listRoleModels(db)).toSorted(byText),
    memberships: (await roles.listMemberships(db, ['id-ab', 'id-a-b'])).toSorted(byText),
    admins: await roles.countPermanentMembers(db, 'admin'),
    taken: await roles.deleteUserRole(db, 'id-ab', 'role-admin'),
    missing: await roles.deleteUserRole(db, 'id-ab', 'role-admin'),
    keys: await listKeys(db),
    keysOfOne: await listKeys(db, 'id-ab'),
    key: await findKey(db, 'key-8'),
    gateways: await gateways.listGateways(db),
    aliases: await gateways.listModelAliases(db),
    activity: await gatewayActivity(db, 1001, 1000),
    requests: await listRequests(db, 'id-ab', { since: 0, limit: 9 }),
    // The rights of a key are a set: their order is nobody's business.
    verified: verified.map((rows) => rows.toSorted(byText)),
  }
}

const byText = (a: unknown, b: unknown): number =>
  JSON.stringify(a).localeCompare(JSON.stringify(b))

async function resultsOf(url: string): Promise<Record<string, string>> {
  const handle = openDatabase(url)
  try {
    await migrateUp(handle.db)
    await fill(handle)
    const results = Object.entries(await everything(handle.db))
    return Object.fromEntries(results.map(([name, value]) => [name, String(JSON.stringify(value))]))
  } finally {
    await handle.close()
  }
}

/** Runs `act` on a database that sorts as English does, where the server can: many do. */
async function onEnglishDatabase<T>(url: string, act: (url: string) => Promise<T>): Promise<T> {
  const english = new URL(url)
  english.pathname += '_english'
  const name = english.pathname.slice(1)
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  const hasIcu = await sql
    .unsafe(`create database ${name} template template0 locale_provider icu icu_locale 'en-US'`)
    .then(
      () => true,
      () => false,
    )
  try {
    return await act(hasIcu ? english.href : url)
  } finally {
    await sql.unsafe(`drop database if exists ${name} with (force)`)
    await sql.end({ timeout: 5 })
  }
}

const server = await postgresForTests()

describe.skipIf('skip' in server)('the queries', () => {
  test('give byte for byte the same results on SQLite and PostgreSQL', async () => {
    const fresh = await freshDatabase()
    if ('skip' in fresh) throw new Error(fresh.skip)
    const folder = await mkdtemp(join(tmpdir(), 'parallama-sqlite-'))
    const sqlite = await resultsOf(`sqlite:${join(folder, 'test.db')}`)
    const postgresql = await onEnglishDatabase(fresh.url, resultsOf)
    expect(postgresql).toEqual(sqlite)
    await fresh.drop()
    await rm(folder, { recursive: true })
  })
})
