import { beforeEach, expect, test } from 'bun:test'
import { createPrincipalLoader } from '../../../app/auth/principal-loader.ts'
import { createVerifier } from '../../../app/auth/verifier.ts'
import { createUsers } from '../../../app/services/users.ts'
import type { Db } from '../../../db/client.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { DAY_MS, FROM, PASSWORD, type SessionStage, setSessions } from './session-stage.ts'

await describeEachDatabase('the access token of a login', (openFresh) => {
  let db: Db
  let stage: SessionStage

  beforeEach(async () => {
    db = (await openFresh()).db
    stage = await setSessions(db)
    await createUsers(stage.needs).create(TESTER, { username: 'anna', password: PASSWORD })
  })

  /** Who the token belongs to by now, past every cache. */
  const verify = async (token: string) => {
    const { clock, keyring, accessTokens } = stage.needs
    const load = createPrincipalLoader({ isSigner: async () => true, db, clock })
    return await createVerifier({ clock, keyring, load, readToken: accessTokens.read }).verify(
      token,
    )
  }

  test('is its user, with the rights that they have now and not those of the login', async () => {
    const { accessToken } = await stage.login()
    const [session] = await stage.sessions.list({ username: 'anna' })
    const before = await verify(accessToken)
    expect([before?.username, before?.sessionId]).toEqual(['anna', session?.id ?? ''])
    expect(before?.permissions.has('users:manage')).toBe(false)
    await testAdmin(db).roles.grant(TESTER, 'anna', 'admin', null)
    expect((await verify(accessToken))?.permissions.has('users:manage')).toBe(true)
  })

  test('outlives a refresh, but not its 10 minutes', async () => {
    const { accessToken, refreshToken } = await stage.login()
    await stage.sessions.refresh(refreshToken, FROM)
    expect(await verify(accessToken)).not.toBeNull()
    stage.clock.advance(600_000 + 29_999)
    expect(await verify(accessToken)).not.toBeNull()
    stage.clock.advance(1)
    expect(await verify(accessToken)).toBeNull()
  })

  test.each([
    ['a logout', (token: string) => stage.sessions.logout({ refreshToken: token }, FROM)],
    ['the end of all sessions', () => stage.sessions.revokeAll(TESTER, 'anna')],
    ['new tokens', () => stage.sessions.rotateTokens(TESTER, 'anna')],
    [
      'a new password',
      () => createUsers(stage.needs).setPassword(TESTER, 'anna', 'another-harbour-7-kettles'),
    ],
    ['disabling', () => createUsers(stage.needs).update(TESTER, 'anna', { disabled: true })],
    ['deleting', () => createUsers(stage.needs).delete(TESTER, 'anna')],
  ])('is dead after %s', async (_, act) => {
    const { accessToken, refreshToken } = await stage.login()
    expect(await verify(accessToken)).not.toBeNull()
    await act(refreshToken)
    expect(await verify(accessToken)).toBeNull()
  })

  test('is dead after a reuse of the refresh token, like all others of its login', async () => {
    const first = await stage.login()
    const second = await stage.sessions.refresh(first.refreshToken, FROM)
    const other = await stage.login()
    stage.clock.advance(10_000)
    await stage.sessions.refresh(first.refreshToken, FROM).catch(() => null)
    expect(await verify(first.accessToken)).toBeNull()
    expect(await verify(second.accessToken)).toBeNull()
    expect(await verify(other.accessToken)).not.toBeNull()
  })

  test('of a login that nobody has used for a week is dead, however new it is', async () => {
    await stage.login()
    stage.clock.advance(7 * DAY_MS)
    const [session] = await db.selectFrom('sessions').select(['id', 'user_id']).execute()
    const token = await stage.needs.accessTokens.issue({
      userId: session?.user_id ?? '',
      sessionId: session?.id ?? '',
      version: 0,
    })
    expect(await verify(token)).toBeNull()
  })
})
