import { beforeEach, expect, test } from 'bun:test'
import { createSessions } from '../../../app/services/sessions.ts'
import type { Db } from '../../../db/client.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'
import {
  addUser,
  auditOf,
  FROM,
  PASSWORD,
  type SessionStage,
  setSessions,
} from './session-stage.ts'

await describeEachDatabase('a login', (openFresh) => {
  let db: Db
  let stage: SessionStage

  beforeEach(async () => {
    db = (await openFresh()).db
    stage = await setSessions(db)
    await addUser(db, 'anna')
  })

  const hashOf = async (username: string) =>
    await db
      .selectFrom('users')
      .select('password_hash')
      .where('username', '=', username)
      .executeTakeFirstOrThrow()

  test('gives an access token of the session and a refresh token, and is noted', async () => {
    const before = await stage.revision()
    const tokens = await stage.login('AnnA')
    expect(tokens).toEqual({
      username: 'anna',
      accessToken: expect.any(String),
      refreshToken: expect.stringMatching(/^plr_[0-9A-Za-z]{65}$/),
      expiresIn: 600,
      refreshExpiresIn: 7 * 86_400,
    })
    const [session] = await stage.sessions.list({ username: 'anna' })
    const claims = await stage.needs.accessTokens.read(tokens.accessToken)
    expect(claims).toMatchObject({ sessionId: session?.id, version: 0 })
    expect(session).toMatchObject({ address: '192.0.2.7', agent: 'a browser', username: 'anna' })
    expect(await auditOf(db, 'login')).toEqual([
      {
        actor: 'user:anna',
        target: 'anna',
        outcome: 'done',
        detail: { sessionId: session?.id },
        address: FROM.address,
        request_id: FROM.requestId,
      },
    ])
    expect(await stage.revision()).toBe(before)
  })

  test('costs one hash and says the same, whoever it is and whatever is wrong', async () => {
    await addUser(db, 'nopass', null)
    await addUser(db, 'off')
    await addUser(db, 'gone')
    await db.updateTable('users').set({ disabled: 1 }).where('username', '=', 'off').execute()
    await db.updateTable('users').set({ deleted_at: 5 }).where('username', '=', 'gone').execute()
    const cases = [
      ['anna', 'wrong'],
      ['anna', ''],
      ['nobody', PASSWORD],
      ['', PASSWORD],
      ['an\0na', PASSWORD],
      ['\ud800', PASSWORD],
      ['x'.repeat(100_000), PASSWORD],
      ['nopass', PASSWORD],
      ['nopass', ''],
      ['off', PASSWORD],
      ['gone', PASSWORD],
    ] as const
    for (const [i, [username, password]] of cases.entries()) {
      const refusal = await refusalOf(stage.login(username, password))
      expect([username, refusal?.code, refusal?.status, refusal?.message]).toEqual([
        username,
        'login_failed',
        401,
        'the user name or the password is wrong',
      ])
      expect(stage.passwords).toEqual({ verified: i + 1, hashed: 0 })
    }
    expect(await stage.sessions.list({ username: 'anna' })).toEqual([])
    await stage.login()
    expect(stage.passwords).toEqual({ verified: cases.length + 1, hashed: 0 })
  })

  test('that is refused is noted, with the name only of a user who exists', async () => {
    await refusalOf(stage.login('anna', 'wrong'))
    await refusalOf(stage.login('my-secret-typed-here', 'wrong'))
    const entries = await auditOf(db, 'login')
    expect(entries).toMatchObject([
      { actor: 'anonymous', target: 'anna', outcome: 'refused', address: FROM.address },
      { actor: 'anonymous', target: '-', outcome: 'refused', detail: { reason: 'unknown user' } },
    ])
    expect(JSON.stringify(entries)).not.toContain('my-secret')
  })

  test('renews a hash of other parameters, and leaves one that is as it should be', async () => {
    await addUser(db, 'bob', `old:${PASSWORD}`)
    await refusalOf(stage.login('bob', 'wrong'))
    expect((await hashOf('bob')).password_hash).toBe(`old:${PASSWORD}`)
    await stage.login('bob')
    expect((await hashOf('bob')).password_hash).toBe(`new:${PASSWORD}`)
    expect(stage.passwords.hashed).toBe(1)
    await stage.login('bob')
    expect(stage.passwords.hashed).toBe(1)
  })

  test('is refused when the password changes while it is verified', async () => {
    const { verify } = stage.needs.passwords
    stage.needs.passwords.verify = async (password, hash) => {
      await db.updateTable('users').set({ password_hash: 'new:another one now' }).execute()
      return await verify(password, hash)
    }
    expect(await refusalOf(stage.login())).toMatchObject({ code: 'login_failed' })
    expect(await stage.sessions.list({ username: 'anna' })).toEqual([])
    expect((await hashOf('anna')).password_hash).toBe('new:another one now')
  })

  test('is refused and noted when the password changes while room is made for it', async () => {
    for (let i = 0; i < 20; i++) await stage.login()
    const sessions = createSessions({
      ...stage.needs,
      async transact(act) {
        await db.updateTable('users').set({ password_hash: 'new:another one now' }).execute()
        return await db.transaction().execute(act)
      },
    })
    const before = await stage.revision()
    const attempt = sessions.login({ username: 'anna', password: PASSWORD }, FROM)
    expect(await refusalOf(attempt)).toMatchObject({ code: 'login_failed' })
    expect(await stage.revision()).toBe(before)
    expect((await auditOf(db, 'login')).at(-1)).toMatchObject({
      actor: 'anonymous',
      target: 'anna',
      outcome: 'refused',
      detail: { reason: 'changed meanwhile' },
    })
    expect(await stage.sessions.list({ username: 'anna' })).toHaveLength(20)
  })

  test('ends the oldest of 20 others, however many log in at once, and then tells all servers', async () => {
    const first = await stage.login()
    stage.clock.advance(1)
    for (let i = 0; i < 18; i++) await stage.login()
    const before = await stage.revision()
    await stage.login()
    expect(await stage.revision()).toBe(before)
    stage.clock.advance(1)
    const { refreshToken } = await stage.login()
    expect(await stage.revision()).toBe(before + 1)
    expect(await refusalOf(stage.sessions.refresh(first.refreshToken, FROM))).toMatchObject({
      code: 'refresh_invalid',
    })
    await stage.sessions.refresh(refreshToken, FROM)
    await Promise.all(Array.from({ length: 8 }, () => stage.login()))
    const live = await stage.sessions.list({ username: 'anna' })
    expect(live).toHaveLength(20)
    const [, last] = (await auditOf(db, 'login')).slice(-2)
    expect(last?.detail.endedSessions).toHaveLength(1)
  })

  test('keeps what the client says it is in one short line', async () => {
    const agent = `x\r\ny\u001b[31m\u202e\0\ud800${'z'.repeat(70_000)}`
    await stage.sessions.login({ username: 'anna', password: PASSWORD }, { ...FROM, agent })
    const [session] = await stage.sessions.list({ username: 'anna' })
    expect(session?.agent).toBe(`xy[31m${'z'.repeat(194)}`)
  })
})
