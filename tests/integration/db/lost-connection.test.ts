import { expect, test } from 'bun:test'
import { sql } from 'kysely'
import { openDatabase } from '../../../db/client.ts'
import { freshDatabase } from '../../support/servers.ts'

const database = await freshDatabase()

test.skipIf('skip' in database)(
  'what is asked over a connection that PostgreSQL has ended is refused, and ends nothing else',
  async () => {
    const { db, close } = openDatabase('url' in database ? database.url : '')
    await db.connection().execute(async (held) => {
      const ask = () => sql`select 1`.execute(held)
      await expect(
        sql`select pg_terminate_backend(pg_backend_pid())`.execute(held),
      ).rejects.toThrow()
      await expect(ask()).rejects.toThrow('CONNECTION_CLOSED')
    })
    expect((await sql<{ one: number }>`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }])
    await close()
    if ('drop' in database) await database.drop()
  },
)
