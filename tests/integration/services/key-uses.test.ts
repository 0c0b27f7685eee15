import { beforeEach, expect, test } from 'bun:test'
import { silentLog } from '../../../app/log.ts'
import { createKeyUses, type KeyUses } from '../../../app/services/key-uses.ts'
import { type DatabaseHandle, openDatabase } from '../../../db/client.ts'
import { newId } from '../../../db/ids.ts'
import { readRevision } from '../../../db/queries/revision.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { recordingLog } from '../../support/gateway/log.ts'
import { AT, keysAt } from '../../support/keys-service.ts'
import { refusalOf } from '../../support/refusal.ts'

const MINUTE_MS = 60_000

await describeEachDatabase('the last use of a key', (openFresh) => {
  let database: TestDatabase
  let clock: ReturnType<typeof keysAt>['clock']
  let keys: ReturnType<typeof keysAt>['keys']
  let uses: KeyUses
  let keyId: string

  beforeEach(async () => {
    database = await openFresh()
    ;({ keys, clock } = keysAt(database.db))
    await testAdmin(database.db).users.create(TESTER, { username: 'anna' })
    keyId = (await keys.generate(TESTER, 'anna')).id
    uses = usesOf(database)
  })

  const usesOf = ({ db }: DatabaseHandle, log = silentLog): KeyUses =>
    createKeyUses({ db, clock, newId, log })

  const use = async (address: string | null, agent: string | null = 'curl/8'): Promise<void> => {
    uses.note({ keyId, address, agent })
    await uses.flush()
  }
  const lastUse = async () => (await keys.inspect(keyId)).lastUse
  const newAddresses = async () => {
    const entries = await database.db
      .selectFrom('audit_log')
      .selectAll()
      .where('action', '=', 'key.new-address')
      .orderBy('id')
      .execute()
    return entries.map(({ actor, target, detail, address }) => [
      actor,
      target,
      JSON.parse(detail).address,
      address,
    ])
  }

  test('is there after the first use, and then written once a minute at most', async () => {
    expect(await lastUse()).toBeNull()
    await use('192.0.2.7')
    expect(await lastUse()).toEqual({ at: AT, address: '192.0.2.7', agent: 'curl/8' })
    clock.advance(MINUTE_MS - 1)
    await use('192.0.2.7', 'later')
    await use('192.0.2.8', 'elsewhere')
    expect((await lastUse())?.at).toBe(AT)
    clock.advance(1)
    await use('192.0.2.7', 'later')
    expect(await lastUse()).toEqual({ at: AT + MINUTE_MS, address: '192.0.2.7', agent: 'later' })
  })

  test('is written once a minute by all servers together', async () => {
    const other = openDatabase(database.url)
    try {
      const servers = [uses, usesOf(other)]
      for (const [i, server] of servers.entries()) {
        server.note({ keyId, address: '192.0.2.7', agent: `server ${i}` })
        await server.flush()
      }
      expect((await lastUse())?.agent).toBe('server 0')
      clock.advance(MINUTE_MS)
      servers[1]?.note({ keyId, address: '192.0.2.7', agent: 'server 1' })
      await servers[1]?.flush()
      expect((await lastUse())?.agent).toBe('server 1')
    } finally {
      await other.close()
    }
  })

  test('takes no look at the database for what was just noted', async () => {
    const handle = openDatabase(database.url)
    const log = recordingLog()
    uses = usesOf(handle, log)
    await use('192.0.2.7')
    await handle.close()
    clock.advance(MINUTE_MS - 1)
    await use('192.0.2.7', 'another client')
    expect(log.entries).toEqual([])
    clock.advance(1)
    await use('192.0.2.7')
    expect(log.entries).toHaveLength(1)
  })

  test('changes nobody’s rights: the revision stays', async () => {
    const before = await readRevision(database.db)
    await use('192.0.2.7')
    expect(await readRevision(database.db)).toBe(before)
  })

  test('from an address that is new to the key is noted in the audit log, once', async () => {
    for (const address of ['192.0.2.7', '192.0.2.7', '198.51.100.1', '2001:db8::1', null]) {
      await use(address)
      clock.advance(MINUTE_MS)
    }
    await use('2001:db8::ffff')
    expect(await newAddresses()).toEqual(
      ['192.0.2.7', '198.51.100.1', '2001:db8::1'].map((address) => [
        `key:${keyId}`,
        'anna',
        address,
        address,
      ]),
    )
    expect((await keys.inspect(keyId)).addresses).toEqual([
      { address: '2001:db8:0:0::/64', firstAt: AT + 3 * MINUTE_MS, lastAt: AT + 5 * MINUTE_MS },
      { address: '198.51.100.1', firstAt: AT + 2 * MINUTE_MS, lastAt: AT + 2 * MINUTE_MS },
      { address: '192.0.2.7', firstAt: AT, lastAt: AT + MINUTE_MS },
    ])
  })

  test('keeps of what a client calls itself what can be shown, and 200 characters of it', async () => {
    await use('192.0.2.7', `a\u0000b\u001b[31m\u202e${'x'.repeat(100_000)}`)
    const agent = (await lastUse())?.agent ?? ''
    expect(agent).toStartWith('ab[31mxxx')
    expect(agent).toHaveLength(200)
    clock.advance(MINUTE_MS)
    await use(null, '\u0007')
    expect(await lastUse()).toEqual({ at: AT + MINUTE_MS, address: null, agent: null })
  })

  test('ends the time in which its text can be fetched', async () => {
    const old = await keys.generate(TESTER, 'anna', { rotateEveryMs: 3_600_000 })
    clock.advance(3_600_000)
    await keys.rotateDue()
    keyId = (await keys.successor(TESTER, old.id)).id
    await use('192.0.2.7')
    expect((await refusalOf(keys.successor(TESTER, old.id)))?.code).toBe('not_found')
  })

  test('is written down at the end, also of thousands of keys at once', async () => {
    const names = Array.from({ length: 20_000 }, (_, i) => `unknown-${i}`)
    for (const name of names) uses.note({ keyId: name, address: null, agent: null })
    uses = usesOf(database)
    uses.note({ keyId, address: '192.0.2.7', agent: null })
    await uses.close()
    expect((await lastUse())?.at).toBe(AT)
  })

  test('that could not be written is said in the log, and written at the next use', async () => {
    const broken = openDatabase(database.url)
    const log = recordingLog()
    uses = usesOf(broken, log)
    await broken.db.schema.alterTable('api_keys').renameColumn('last_used_agent', 'gone').execute()
    await use('192.0.2.7')
    expect(log.entries.map(({ level }) => level)).toEqual(['warn'])
    await broken.db.schema.alterTable('api_keys').renameColumn('gone', 'last_used_agent').execute()
    await use('192.0.2.7')
    await broken.close()
    expect((await lastUse())?.at).toBe(AT)
  })
})
