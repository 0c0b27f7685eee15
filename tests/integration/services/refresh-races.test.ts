import { beforeEach, expect, test } from 'bun:test'
import { createSessions } from '../../../app/services/sessions.ts'
import { createUsers } from '../../../app/services/users.ts'
import { openDatabase } from '../../../db/client.ts'
import { TESTER } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'
import {
  addUser,
  auditOf,
  FROM,
  loginNeeds,
  type SessionStage,
  setSessions,
} from './session-stage.ts'

const ROUNDS = 6

await describeEachDatabase('at the same time', (openFresh) => {
  let database: TestDatabase
  let stage: SessionStage

  beforeEach(async () => {
    database = await openFresh()
    stage = await setSessions(database.db)
    await addUser(database.db, 'anna')
  })

  type Sessions = SessionStage['sessions']
  const codeOf = async (act: Promise<unknown>) => (await refusalOf(act))?.code ?? 'done'
  const isLive = async (token: string) =>
    (await codeOf(stage.sessions.refresh(token, FROM))) === 'done'

  /** Another server on the same database, at the same time of day. */
  async function withOther<T>(act: (other: Sessions) => Promise<T>): Promise<T> {
    const handle = openDatabase(database.url)
    try {
      return await act(createSessions(loginNeeds(handle.db, stage.clock)))
    } finally {
      await handle.close()
    }
  }

  test('50 refreshes of one token on two servers get one successor, which alone is live', async () => {
    await withOther(async (other) => {
      const { refreshToken } = await stage.login()
      const servers = [stage.sessions, other]
      const got = await Promise.all(
        Array.from({ length: 50 }, (_, i) => servers[i % 2]?.refresh(refreshToken, FROM)),
      )
      const successors = new Set(got.map((tokens) => tokens?.refreshToken))
      expect(successors.size).toBe(1)
      const [session] = await database.db
        .selectFrom('sessions')
        .select(['generation', 'revoked_at'])
        .execute()
      expect(session).toEqual({ generation: 1, revoked_at: null })
      const [successor = ''] = [...successors]
      expect(await isLive(successor ?? '')).toBe(true)
    })
  })

  test('a refresh and a logout leave no live token', async () => {
    await withOther(async (other) => {
      for (let round = 0; round < ROUNDS; round++) {
        const { refreshToken } = await stage.login()
        const refreshes = [stage.sessions, other, other, stage.sessions].map((server) =>
          server.refresh(refreshToken, FROM).catch(() => null),
        )
        expect(await other.logout({ refreshToken }, FROM)).toBe(true)
        for (const tokens of await Promise.all(refreshes)) {
          expect(await isLive(tokens?.refreshToken ?? refreshToken)).toBe(false)
        }
        expect(await stage.sessions.list({ username: 'anna' })).toEqual([])
      }
    })
  })

  test('a refresh and the end of all sessions leave no live token', async () => {
    await withOther(async (other) => {
      for (let round = 0; round < ROUNDS; round++) {
        const { refreshToken } = await stage.login()
        const [tokens, ended] = await Promise.all([
          stage.sessions.refresh(refreshToken, FROM).catch(() => null),
          other.revokeAll(TESTER, 'anna'),
        ])
        expect(ended).toBe(1)
        expect(await isLive(tokens?.refreshToken ?? refreshToken)).toBe(false)
      }
    })
  })

  test('logins and a new password, or disabling, leave no session of before', async () => {
    const users = createUsers(stage.needs)
    for (let round = 0; round < ROUNDS; round++) {
      const username = `user${round}`
      await addUser(database.db, username)
      const old = await stage.login(username)
      const isPassword = round % 2 === 0
      const [tokens, late] = await Promise.all([
        stage.sessions.refresh(old.refreshToken, FROM).catch(() => null),
        stage.login(username).catch(() => null),
        isPassword
          ? users.setPassword(TESTER, username, 'another-harbour-7-kettles')
          : users.update(TESTER, username, { disabled: true }),
      ])
      if (!isPassword) await users.update(TESTER, username, { disabled: false })
      const left = [old, tokens, late].flatMap((found) => (found ? [found.refreshToken] : []))
      for (const token of left) expect(await isLive(token)).toBe(false)
      expect(await stage.sessions.list({ username })).toEqual([])
    }
  })

  test('a replay and a refresh of the live token end the session in both orders, and at once', async () => {
    const after = async () => {
      const first = await stage.login()
      const second = await stage.sessions.refresh(first.refreshToken, FROM)
      stage.clock.advance(10_000)
      return { old: first.refreshToken, current: second.refreshToken }
    }
    await withOther(async (other) => {
      const one = await after()
      expect(await codeOf(other.refresh(one.old, FROM))).toBe('refresh_invalid')
      expect(await codeOf(stage.sessions.refresh(one.current, FROM))).toBe('refresh_invalid')

      const two = await after()
      const third = await stage.sessions.refresh(two.current, FROM)
      expect(await codeOf(other.refresh(two.old, FROM))).toBe('refresh_invalid')
      expect(await codeOf(stage.sessions.refresh(third.refreshToken, FROM))).toBe('refresh_invalid')

      for (let round = 0; round < ROUNDS; round++) {
        const { old, current } = await after()
        const [tokens] = await Promise.all([
          stage.sessions.refresh(current, FROM).catch(() => null),
          ...[other, stage.sessions, other].map((server) => codeOf(server.refresh(old, FROM))),
        ])
        expect(await isLive(tokens?.refreshToken ?? current)).toBe(false)
      }
      expect(await stage.sessions.list({ username: 'anna' })).toEqual([])
      expect(await auditOf(database.db, 'session.reuse')).toHaveLength(2 + ROUNDS)
    })
  })
})
