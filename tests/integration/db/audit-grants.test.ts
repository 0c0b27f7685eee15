import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import postgres from 'postgres'
import { openDatabase } from '../../../db/client.ts'
import { migrateUp } from '../../../db/migrate.ts'
import { TESTER } from '../../support/builders.ts'
import { CHAT, setStage } from '../../support/gateway/stage.ts'
import { snippetsOf } from '../../support/readme.ts'
import { type FreshDatabase, freshDatabase, postgresForTests } from '../../support/servers.ts'

const README = await Bun.file(join(import.meta.dir, '../../../README.md')).text()
/** As the README gives it. */
const GRANTS = snippetsOf(README).find(({ language }) => language === 'sql')?.text ?? ''

/** Roles belong to the whole server: another run may be at work on the same one. */
const ROLE = `parallama_app_${process.pid}`
const NOT_PERMITTED = '42501'

const server = await postgresForTests()
const title = 'a server that connects with the documented grants'

describe.skipIf('skip' in server)('skip' in server ? `${title} (${server.skip})` : title, () => {
  let database: FreshDatabase
  let url = ''

  beforeAll(async () => {
    const fresh = await freshDatabase()
    if ('skip' in fresh) throw new Error(fresh.skip)
    database = fresh
    const owner = openDatabase(database.url)
    await migrateUp(owner.db)
    await owner.close()
    await run(database.url, GRANTS.replaceAll('parallama_app', ROLE))
    const restricted = new URL(database.url)
    restricted.username = ROLE
    restricted.password = 'choose one'
    url = restricted.href
  })

  afterAll(async () => {
    await run(database.url, `drop owned by ${ROLE}; drop role ${ROLE}`)
    await database.drop()
  })

  test('does all of its work, and writes the audit log', async () => {
    await using stage = await setStage({ database: { url } })
    const { gateway, user } = stage
    const { admin } = gateway
    expect((await stage.post('/ollama/api/chat', { ...CHAT, stream: false })).status).toBe(200)
    await gateway.accounted(1)
    await admin.roles.create(TESTER, { name: 'team', parent: 'basic', concurrent: 3 })
    await admin.roles.grant(TESTER, user.username, 'team', null)
    await admin.roles.delete(TESTER, 'team', { force: true })
    await admin.users.delete(TESTER, user.username)
    const { rows } = await admin.audit.page({ after: null, limit: 10, actor: TESTER.name })
    expect(rows.map(({ action }) => action)).toEqual([
      'user.delete',
      'role.delete',
      'role.grant',
      'role.create',
      'key.generate',
      'user.create',
    ])
  })

  test.each([
    "update audit_log set detail = '{}'",
    "update audit_log set actor = 'nobody' where false",
    'delete from audit_log',
    'truncate audit_log',
    'drop table audit_log',
    'alter table audit_log disable trigger all',
    `grant update on audit_log to ${ROLE}`,
    'insert into kysely_migration (name, timestamp) values (0, 0)',
  ])('may not %s', async (statement) => {
    const before = await entries()
    const refused = await run(url, statement).catch((err: unknown) => err)
    // To grant what one does not have oneself is no error to PostgreSQL: it warns, and grants nothing.
    if (!statement.startsWith('grant')) expect(refused).toMatchObject({ code: NOT_PERMITTED })
    expect(await run(url, 'delete from audit_log').catch((err) => err.code)).toBe(NOT_PERMITTED)
    expect(await entries()).toEqual(before)
  })

  const entries = async () =>
    JSON.stringify(await run(database.url, 'select * from audit_log order by id'))
})

async function run(url: string, statements: string): Promise<unknown> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    return await sql.unsafe(statements)
  } finally {
    await sql.end({ timeout: 5 })
  }
}
