import { expect, test } from 'bun:test'
import type { Db } from '../../../db/client.ts'
import { type DatabaseFault, databaseFault, isPostgres } from '../../../db/codec.ts'
import { insertKey, type NewKeyRow } from '../../../db/queries/keys.ts'
import { upsertUserRole } from '../../../db/queries/roles.ts'
import { insertUser } from '../../../db/queries/users.ts'
import type { Schema } from '../../../db/schema.ts'
import { describeEachDatabase } from '../../support/each-database.ts'

async function faultOf(act: Promise<unknown>): Promise<DatabaseFault | 'none'> {
  return await act.then(
    () => 'none' as const,
    (err: unknown) => databaseFault(err),
  )
}

const user = (id: string, username: string): Schema['users'] => ({
  id,
  username,
  password_hash: null,
  disabled: 0,
  created_at: 1,
  updated_at: 1,
  deleted_at: null,
})

const key = (id: string, userId: string, digest: string): NewKeyRow => ({
  id,
  user_id: userId,
  digest,
  last_four: 'abcd',
  description: '',
  created_at: 1,
  expires_at: null,
  revoked_at: null,
})

async function withAnna(db: Db): Promise<Db> {
  await insertUser(db, user('anna-id', 'anna'))
  await insertKey(db, key('key-1', 'anna-id', 'digest-1'))
  return db
}

await describeEachDatabase('the fault of a statement', (openFresh) => {
  test('is "unique" for a value that is taken, in a primary key or any other index', async () => {
    const db = await withAnna((await openFresh()).db)
    expect(await faultOf(insertUser(db, user('anna-id', 'bob')))).toBe('unique')
    expect(await faultOf(insertUser(db, user('bob-id', 'anna')))).toBe('unique')
    expect(await faultOf(insertKey(db, key('key-2', 'anna-id', 'digest-1')))).toBe('unique')
    const twice = { role_id: 'role-basic', permission: 'gateway:ollama' }
    expect(await faultOf(db.insertInto('role_permissions').values(twice).execute())).toBe('unique')
  })

  test('is not "unique" for a reference to nothing, which is refused all the same', async () => {
    const db = await withAnna((await openFresh()).db)
    const granted = { granted_at: 1, expires_at: null }
    const nobody = { user_id: 'nobody', role_id: 'role-basic', ...granted }
    const noRole = { user_id: 'anna-id', role_id: 'no-role', ...granted }
    const faults = [
      await faultOf(insertKey(db, key('key-2', 'nobody', 'digest-2'))),
      await faultOf(upsertUserRole(db, nobody)),
      await faultOf(upsertUserRole(db, noRole)),
      await faultOf(db.deleteFrom('users').where('id', '=', 'anna-id').execute()),
    ]
    expect(new Set(faults).size).toBe(1)
    expect(['none', 'unique']).not.toContain(faults[0] ?? 'none')
    expect(await db.selectFrom('users').select('id').execute()).toEqual([{ id: 'anna-id' }])
  })

  test('is "refused" for what can not be in a column', async () => {
    const { db } = await openFresh()
    const nobody = { ...user('anna-id', 'anna'), username: null as unknown as string }
    expect(await faultOf(insertUser(db, nobody))).toBe('refused')
    if (!isPostgres(db)) return
    expect(await faultOf(insertUser(db, user('anna-id', 'an\0na')))).toBe('refused')
    const late = { ...user('anna-id', 'anna'), created_at: Number.NaN }
    expect(await faultOf(insertUser(db, late))).toBe('refused')
  })

  test('is "schema" for a table or a column that is not there', async () => {
    const { db } = await openFresh()
    const other = db.withTables<{ nothing: { id: string }; users: { shoe_size: number } }>()
    expect(await faultOf(other.selectFrom('nothing').select('id').execute())).toBe('schema')
    expect(await faultOf(other.selectFrom('users').select('shoe_size').execute())).toBe('schema')
  })

  test('leaves the transaction undone, and the connection good for the next one', async () => {
    const { db } = await openFresh()
    const failing = db.transaction().execute(async (tx) => {
      await insertUser(tx, user('anna-id', 'anna'))
      await insertUser(tx, user('bob-id', 'anna'))
    })
    expect(await faultOf(failing)).toBe('unique')
    expect(await db.selectFrom('users').select('id').execute()).toEqual([])
    await db.transaction().execute((tx) => insertUser(tx, user('carl-id', 'carl')))
    expect(await db.selectFrom('users').select('id').execute()).toEqual([{ id: 'carl-id' }])
  })
})
