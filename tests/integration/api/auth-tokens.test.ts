import { expect, test } from 'bun:test'
import { callApi, newestEntry } from '../../support/api.ts'
import { TESTER } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { CHAT, type Stage, setStage } from '../../support/gateway/stage.ts'
import {
  givePassword,
  type Login,
  logIn,
  loginOf,
  meStatus,
  setLoginStage,
  tryLogin,
  tryRefresh,
} from '../../support/logins.ts'

const OVER = { code: 'refresh_invalid', detail: 'this refresh token is not good; log in again' }

await describeEachDatabase('a login, over HTTP,', (openFresh) => {
  const as = ({ key }: Login, stage: Stage) => ({ as: { ...stage.user, key } })
  const statuses = async (stage: Stage, login: Login): Promise<number[]> => [
    await meStatus(stage, login),
    (await stage.post('/ollama/api/chat', CHAT, as(login, stage))).status,
    (await stage.get('/admin/users', as(login, stage))).status,
  ]

  /** Lets the moment of grace after the last rotation be over. */
  const outliveGrace = ({ db }: TestDatabase) =>
    db
      .updateTable('sessions')
      .set((eb) => ({ rotated_at: eb('rotated_at', '-', 10_001) }))
      .execute()

  const liveGenerations = ({ db }: TestDatabase) =>
    db.selectFrom('sessions').select(['generation', 'revoked_reason']).execute()

  test('lets somebody do what their roles allow, everywhere, and nothing else', async () => {
    await using stage = await setLoginStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const nobody = await stage.gateway.user({ roles: [] })
    for (const user of [root, nobody]) await givePassword(stage, user)
    const answer = await tryLogin(stage)
    expect(answer.body).toMatchObject({ token_type: 'bearer', expires_in: 600 })
    expect(await statuses(stage, loginOf(answer))).toEqual([200, 200, 403])
    const [{ username }, without] = [root, nobody.username]
    expect(await statuses(stage, await logIn(stage, { username }))).toEqual([200, 200, 200])
    expect(await statuses(stage, await logIn(stage, { username: without }))).toEqual([
      200, 403, 403,
    ])
    const me = await callApi(stage, 'GET', '/me', { as: loginOf(answer) })
    expect(me.body).toMatchObject({
      username: stage.user.username,
      roles: [{ name: 'basic' }],
      credential: { kind: 'session' },
    })
  })

  test('with a name in other letters is the same, and one that fails says nothing', async () => {
    await using stage = await setLoginStage({ database: await openFresh() })
    const { username } = stage.user
    await logIn(stage, { username: username.toUpperCase() })
    const bad = [
      { password: 'violet-harbour-9-teapot' },
      { password: '' },
      { username: 'nobody' },
      { username: '../x' },
      { username: '' },
    ]
    const bodies = bad.map(async (trying) => {
      const { status, body } = await tryLogin(stage, trying)
      return JSON.stringify([status, { ...body, request_id: '' }])
    })
    const said = new Set(await Promise.all(bodies))
    expect([...said].map((body) => JSON.parse(body))).toMatchObject([
      [401, { code: 'login_failed', detail: 'the user name or the password is wrong' }],
    ])
  })

  test('of a disabled or deleted user is refused like a wrong password', async () => {
    await using stage = await setLoginStage({ database: await openFresh() })
    const { username } = stage.user
    const login = await logIn(stage)
    await stage.gateway.admin.users.update(TESTER, username, { disabled: true })
    const refused = await tryLogin(stage)
    expect([refused.status, refused.body.code]).toEqual([401, 'login_failed'])
    expect((await tryRefresh(stage, login.refreshToken)).body).toMatchObject(OVER)
    await stage.gateway.admin.users.delete(TESTER, username)
    expect((await tryLogin(stage)).status).toBe(401)
  })

  test('goes on with the next refresh token, and the one before gets the same for a moment', async () => {
    const database = await openFresh()
    await using stage = await setLoginStage({ database })
    const first = await logIn(stage)
    const second = loginOf(await tryRefresh(stage, first.refreshToken))
    expect(second.refreshToken).not.toBe(first.refreshToken)
    expect(loginOf(await tryRefresh(stage, first.refreshToken)).refreshToken).toBe(
      second.refreshToken,
    )
    for (const login of [first, second]) expect(await meStatus(stage, login)).toBe(200)
    const third = loginOf(await tryRefresh(stage, second.refreshToken))
    expect(await liveGenerations(database)).toEqual([{ generation: 2, revoked_reason: null }])
    expect(await meStatus(stage, third)).toBe(200)
  })

  test('ends everywhere when a token is used twice, with all that came of it', async () => {
    const database = await openFresh()
    await using stage = await setLoginStage({ database })
    await using other = await setStage({ database })
    const root = await stage.gateway.administrator()
    const [first, unconcerned] = [await logIn(stage), await logIn(stage)]
    const second = loginOf(await tryRefresh(stage, first.refreshToken))
    for (const login of [first, second]) expect(await meStatus(other, login)).toBe(200)
    await outliveGrace(database)
    const reused = await tryRefresh(stage, first.refreshToken)
    expect([reused.status, reused.body]).toMatchObject([401, OVER])
    for (const login of [first, second]) {
      expect(await statuses(stage, login)).toEqual([401, 401, 401])
      while ((await meStatus(other, login)) === 200);
      expect(await statuses(other, login)).toEqual([401, 401, 401])
      expect((await tryRefresh(other, login.refreshToken)).body).toMatchObject(OVER)
    }
    expect(await meStatus(stage, unconcerned)).toBe(200)
    expect(await newestEntry(stage, root, 'session.reuse')).toMatchObject({
      target: stage.user.username,
      address: '127.0.0.1',
      request_id: reused.requestId,
    })
  })

  test('that fifty refresh at once goes on as one', async () => {
    const database = await openFresh()
    await using stage = await setLoginStage({ database })
    const { refreshToken } = await logIn(stage)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => tryRefresh(stage, refreshToken)),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const successors = new Set(answers.map((answer) => loginOf(answer).refreshToken))
    expect(successors.size).toBe(1)
    expect(await liveGenerations(database)).toEqual([{ generation: 1, revoked_reason: null }])
    const [successor] = successors
    expect((await tryRefresh(stage, successor)).status).toBe(200)
  })

  test('is not refreshed by anything but its token, which is all that is said', async () => {
    await using stage = await setLoginStage({ database: await openFresh() })
    const { key, refreshToken } = await logIn(stage)
    const tampered = refreshToken.replace(/.{8}$/, (end) => [...end].reverse().join(''))
    const others = [
      '',
      ' ',
      key,
      tampered,
      refreshToken.slice(0, -1),
      stage.user.key,
      'x'.repeat(9e5),
    ]
    for (const token of others) {
      const { status, body } = await tryRefresh(stage, token)
      expect([token.slice(0, 20), status, body]).toMatchObject([token.slice(0, 20), 401, OVER])
    }
    expect((await tryRefresh(stage, refreshToken)).status).toBe(200)
    expect(await statuses(stage, { key: refreshToken, refreshToken })).toEqual([401, 401, 401])
  })

  test('is over after a logout, with its access tokens, and a second logout says the same', async () => {
    const database = await openFresh()
    await using stage = await setLoginStage({ database })
    const [login, other] = [await logIn(stage), await logIn(stage)]
    const logOut = (refresh_token: string) =>
      callApi(stage, 'POST', '/auth/logout', { as: null, body: { refresh_token } })
    expect(await meStatus(stage, login)).toBe(200)
    expect((await logOut(login.refreshToken)).status).toBe(204)
    expect(await statuses(stage, login)).toEqual([401, 401, 401])
    expect((await tryRefresh(stage, login.refreshToken)).body).toMatchObject(OVER)
    for (const token of [login.refreshToken, 'junk']) expect((await logOut(token)).status).toBe(204)
    expect(await meStatus(stage, other)).toBe(200)
  })
})
