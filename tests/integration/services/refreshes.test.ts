import { beforeEach, expect, test } from 'bun:test'
import { createRefreshTokens } from '../../../app/auth/refresh-token.ts'
import { openKeyring } from '../../../app/auth/secrets.ts'
import { databaseTime } from '../../../db/codec.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'
import { addUser, auditOf, DAY_MS, FROM, type SessionStage, setSessions } from './session-stage.ts'

const INVALID = {
  code: 'refresh_invalid',
  status: 401,
  message: 'this refresh token is not good; log in again',
}

await describeEachDatabase('a refresh token', (openFresh) => {
  let database: TestDatabase
  let stage: SessionStage

  beforeEach(async () => {
    database = await openFresh()
    stage = await setSessions(database.db)
    await addUser(database.db, 'anna')
  })

  const refresh = (token: string) => stage.sessions.refresh(token, FROM)
  const live = () => stage.sessions.list({ username: 'anna' })
  /** Everything that a stranger must not be able to change. */
  const state = async () => ({
    sessions: await database.db.selectFrom('sessions').selectAll().orderBy('id').execute(),
    audit: await database.db.selectFrom('audit_log').select('id').orderBy('id').execute(),
    revision: await stage.revision(),
  })

  test('is used up by its successor, and says from where it was last used', async () => {
    const first = await stage.login()
    const before = await stage.revision()
    stage.clock.advance(60_000)
    const from = { address: '198.51.100.4', agent: 'a phone', requestId: null }
    const second = await stage.sessions.refresh(first.refreshToken, from)
    expect(second).toMatchObject({ expiresIn: 600, refreshExpiresIn: 7 * 86_400 })
    expect(second.refreshToken).not.toBe(first.refreshToken)
    expect(await stage.needs.accessTokens.read(second.accessToken)).toMatchObject({ version: 0 })
    const [session] = await live()
    expect(session).toMatchObject({ address: '198.51.100.4', agent: 'a phone' })
    expect(session?.lastUsedAt).toBe(stage.clock.now())
    expect((await refresh(second.refreshToken)).refreshToken).not.toBe(second.refreshToken)
    expect(await stage.revision()).toBe(before)
  })

  test('gets the same successor again for 10 s, and after that ends its session', async () => {
    const first = await stage.login()
    const second = await refresh(first.refreshToken)
    stage.clock.advance(9999)
    expect((await refresh(first.refreshToken)).refreshToken).toBe(second.refreshToken)
    const before = await stage.revision()
    stage.clock.advance(1)
    expect(await refusalOf(refresh(first.refreshToken))).toMatchObject(INVALID)
    expect(await stage.revision()).toBe(before + 1)
    expect(await live()).toEqual([])
    expect(await refusalOf(refresh(second.refreshToken))).toMatchObject(INVALID)
    expect(await auditOf(database.db, 'session.reuse')).toEqual([
      {
        actor: expect.stringMatching(/^session:[0-9A-Za-z]{10}$/),
        target: 'anna',
        outcome: 'done',
        detail: { sessionId: expect.any(String), generation: 0, live: 1 },
        address: FROM.address,
        request_id: FROM.requestId,
      },
    ])
  })

  test('two generations old ends its session at once, grace or not', async () => {
    const first = await stage.login()
    const second = await refresh(first.refreshToken)
    await refresh(second.refreshToken)
    expect(await refusalOf(refresh(first.refreshToken))).toMatchObject(INVALID)
    expect(await live()).toEqual([])
  })

  test('that is none changes nothing, whatever is wrong with it', async () => {
    const tokens = await stage.login()
    const second = await refresh(tokens.refreshToken)
    const [session] = await live()
    const sessionId = session?.id ?? ''
    const other = createRefreshTokens(openKeyring('the master secret of someone else, 32+'))
    const stranger = createRefreshTokens(stage.needs.keyring)
    const before = await state()
    const bad = [
      '',
      'x',
      tokens.accessToken,
      `${second.refreshToken}x`,
      second.refreshToken.slice(0, -1),
      second.refreshToken.replace('plr_', 'plk_'),
      second.refreshToken.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')),
      other.mint({ sessionId, salt: 'made up', generation: 0 }),
      stranger.mint({ sessionId, salt: 'made up', generation: 0 }),
      stranger.mint({ sessionId, salt: 'made up', generation: 1 }),
      stranger.mint({ sessionId: 'NoSuchLogi', salt: 'made up', generation: 0 }),
      'plr_\0'.padEnd(69, '0'),
      'x'.repeat(100_000),
    ]
    for (const token of bad) {
      expect([token, await refusalOf(refresh(token))]).toMatchObject([token, INVALID])
    }
    expect(await state()).toEqual(before)
    await refresh(second.refreshToken)
  })

  test('of somebody disabled or deleted is none, and neither is one whose session is over', async () => {
    const { db } = database
    const tokens = await stage.login()
    await db.updateTable('users').set({ disabled: 1 }).execute()
    expect(await refusalOf(refresh(tokens.refreshToken))).toMatchObject(INVALID)
    await db.updateTable('users').set({ disabled: 0, deleted_at: 5 }).execute()
    expect(await refusalOf(refresh(tokens.refreshToken))).toMatchObject(INVALID)
    await db.updateTable('users').set({ deleted_at: null }).execute()
    stage.clock.advance(7 * DAY_MS)
    expect(await refusalOf(refresh(tokens.refreshToken))).toMatchObject(INVALID)
  })

  test('keeps a session alive that is used, but not beyond its 30 days', async () => {
    let { refreshToken } = await stage.login()
    for (let day = 6; day < 30; day += 6) {
      stage.clock.advance(6 * DAY_MS)
      refreshToken = (await refresh(refreshToken)).refreshToken
    }
    stage.clock.advance(6 * DAY_MS - 1)
    const last = await refresh(refreshToken)
    expect(last.refreshExpiresIn).toBe(0)
    stage.clock.advance(1)
    expect(await refusalOf(refresh(last.refreshToken))).toMatchObject(INVALID)
    expect(await live()).toEqual([])
  })

  test('goes by the clock of the database where servers share one', async () => {
    const now = await databaseTime(database.db)
    if (database.url.startsWith('sqlite:')) expect(now).toBeNull()
    else expect(now).toBeWithin(Date.UTC(2020), Date.UTC(2100))
  })
})
