import { beforeEach, expect, test } from 'bun:test'
import type { Admin } from '../../../app/admin.ts'
import { API_KEY_PATTERN } from '../../../app/domain/api-key.ts'
import type { Db } from '../../../db/client.ts'
import { TESTER, testAdmin, testKeyring } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

/** Times of creation are compared in ms; two keys of one have no order that matters. */
async function nextMillisecond(): Promise<void> {
  const now = Date.now()
  while (Date.now() === now) await new Promise((resolve) => setImmediate(resolve))
}

await describeEachDatabase('keys', (openFresh) => {
  let db: Db
  let admin: Admin

  beforeEach(async () => {
    db = (await openFresh()).db
    admin = testAdmin(db)
    await admin.users.create(TESTER, { username: 'anna' })
    await admin.users.create(TESTER, { username: 'bob' })
  })

  test('are shown once; only their digest is stored', async () => {
    const made = await admin.keys.generate(TESTER, 'Anna', { description: 'laptop' })
    expect(made.key).toMatch(API_KEY_PATTERN)
    const { key, ...rest } = made
    expect(rest).toMatchObject({
      id: key.slice(4, 14),
      lastFour: key.slice(-4),
      username: 'anna',
      description: 'laptop',
      expiresAt: null,
      revokedAt: null,
      status: 'active',
    })
    expect(await admin.keys.list('anna')).toEqual([rest])
    const [row] = await db.selectFrom('api_keys').selectAll().execute()
    expect(row?.digest).toBe(testKeyring.digest(key))
    expect(JSON.stringify(row)).not.toContain(key.slice(14, -4))
  })

  test('are listed for one user or for all, the oldest first', async () => {
    const first = await admin.keys.generate(TESTER, 'bob')
    await nextMillisecond()
    const second = await admin.keys.generate(TESTER, 'anna')
    expect((await admin.keys.list()).map(({ id }) => id)).toEqual([first.id, second.id])
    expect((await admin.keys.list('ANNA')).map(({ id }) => id)).toEqual([second.id])
    expect((await refusalOf(admin.keys.list('nobody')))?.code).toBe('not_found')
  })

  test('are active until the moment they expire', async () => {
    const past = await admin.keys.generate(TESTER, 'anna', { expiresAt: Date.now() })
    await nextMillisecond()
    const future = await admin.keys.generate(TESTER, 'anna', { expiresAt: Date.now() + 60_000 })
    expect([past.status, future.status]).toEqual(['expired', 'active'])
    expect((await admin.keys.list()).map(({ status }) => status)).toEqual(['expired', 'active'])
  })

  test('are revoked by their id or by their text, and stay revoked from the first time', async () => {
    const one = await admin.keys.generate(TESTER, 'anna')
    const two = await admin.keys.generate(TESTER, 'anna')
    const revoked = await admin.keys.revoke(TESTER, one.id)
    expect(revoked).toMatchObject({ id: one.id, status: 'revoked' })
    expect((await admin.keys.revoke(TESTER, two.key)).id).toBe(two.id)
    expect(await admin.keys.revoke(TESTER, one.key)).toEqual(revoked)
    expect((await admin.keys.list()).map(({ status }) => status)).toEqual(['revoked', 'revoked'])
    const audit = await db.selectFrom('audit_log').select('action').execute()
    expect(audit.filter(({ action }) => action === 'key.revoke')).toHaveLength(2)
  })

  test('revoked by many at once are revoked at one moment', async () => {
    const { id } = await admin.keys.generate(TESTER, 'anna')
    const revoked = await Promise.all(
      Array.from({ length: 5 }, () => admin.keys.revoke(TESTER, id)),
    )
    const [stored] = await admin.keys.list('anna')
    expect(new Set(revoked.map(({ revokedAt }) => revokedAt))).toEqual(
      new Set([stored?.revokedAt ?? null]),
    )
  })

  test('that do not exist can’t be revoked, and other people’s stay as they are', async () => {
    const { id } = await admin.keys.generate(TESTER, 'bob')
    const anna = await admin.keys.generate(TESTER, 'anna')
    for (const unknown of ['', 'nothing', id.toLowerCase() === id ? `${id}x` : id.toLowerCase()]) {
      expect((await refusalOf(admin.keys.revoke(TESTER, unknown)))?.code).toBe('not_found')
    }
    await admin.keys.revoke(TESTER, anna.id)
    expect((await admin.keys.list('bob')).map(({ status }) => status)).toEqual(['active'])
  })

  test('have a description of at most 200 characters, kept to the letter', async () => {
    const description = `é "x" ${'\u{1f511}'.repeat(90)}`
    await admin.keys.generate(TESTER, 'anna', { description })
    expect((await admin.keys.list()).map((key) => key.description)).toEqual([description])
    const refusal = await refusalOf(
      admin.keys.generate(TESTER, 'anna', { description: 'x'.repeat(201) }),
    )
    expect(refusal).toMatchObject({ code: 'invalid', message: expect.stringContaining('200') })
  })

  test('never fail with the database’s words for a description it can’t hold', async () => {
    const made = admin.keys.generate(TESTER, 'anna', { description: 'a\0b' })
    expect((await refusalOf(made))?.code).toBe('invalid')
  })

  test('end with their owner, and are listed no more', async () => {
    await admin.keys.generate(TESTER, 'anna')
    const ended = await admin.keys.generate(TESTER, 'anna')
    await admin.keys.revoke(TESTER, ended.id)
    const bobs = await admin.keys.generate(TESTER, 'bob')
    expect(await admin.users.delete(TESTER, 'anna')).toEqual({ revokedKeys: 1 })
    const rows = await db.selectFrom('api_keys').select(['id', 'revoked_at']).execute()
    expect(rows.filter(({ revoked_at }) => revoked_at === null).map(({ id }) => id)).toEqual([
      bobs.id,
    ])
    expect((await admin.keys.list()).map(({ id }) => id)).toEqual([bobs.id])
  })
})
