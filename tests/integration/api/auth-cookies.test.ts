import { describe, expect, test } from 'bun:test'
import { type ApiAnswer, callApi } from '../../support/api.ts'
import type { Stage } from '../../support/gateway/stage.ts'
import { meStatus, setLoginStage, tryLogin, tryRefresh } from '../../support/logins.ts'

const NAME = '__Host-parallama_refresh'
const WEEK_S = 7 * 86_400
const FOREIGN = ['https://evil.example', 'null', 'http://localhost.evil.example', 'nonsense']

const ownOrigin = ({ gateway }: Stage): string => gateway.url

/** The value of the cookie that an answer sets; its attributes are checked on the way. */
function cookieOf({ headers }: ApiAnswer, maxAge = WEEK_S): string {
  const [cookie = '', ...others] = headers.getSetCookie()
  expect(others).toEqual([])
  const [, value = '', attributes] = /^([^=]*=[^;]*); (.*)$/.exec(cookie) ?? []
  expect(attributes).toBe(`Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=${maxAge}`)
  expect(value).toStartWith(`${NAME}=`)
  return value
}

const logInWithCookie = async (stage: Stage): Promise<string> => {
  const origin = ownOrigin(stage)
  return cookieOf(await tryLogin(stage, { cookie: true, headers: { origin } }))
}

const logOut = (stage: Stage, headers: Readonly<Record<string, string>>) =>
  callApi(stage, 'POST', '/auth/logout', { as: null, body: {}, headers })

describe('a login in a cookie', () => {
  test('has its refresh token there alone, where no script and no other host can read it', async () => {
    await using stage = await setLoginStage()
    const answer = await tryLogin(stage, { cookie: true, headers: { origin: ownOrigin(stage) } })
    expect(cookieOf(answer)).toMatch(/^__Host-parallama_refresh=plr_\w{65}$/)
    expect(Object.keys(answer.body).sort()).toEqual(['access_token', 'expires_in', 'token_type'])
    expect(await meStatus(stage, { key: String(answer.body.access_token) })).toBe(200)
  })

  test('is not made unless it is asked for', async () => {
    await using stage = await setLoginStage()
    for (const cookie of [false, undefined]) {
      const { headers, body } = await tryLogin(stage, cookie === undefined ? {} : { cookie })
      expect([headers.get('set-cookie'), typeof body.refresh_token]).toEqual([null, 'string'])
    }
  })

  test('lasts as long in the browser as the session does here', async () => {
    await using stage = await setLoginStage({ settings: { sessionIdleDays: 9, sessionDays: 2 } })
    const headers = { origin: ownOrigin(stage) }
    cookieOf(await tryLogin(stage, { cookie: true, headers }), 2 * 86_400)
  })

  test('is refreshed by a page of this host, which gets the next cookie and no token', async () => {
    await using stage = await setLoginStage()
    const cookie = await logInWithCookie(stage)
    const headers = { origin: ownOrigin(stage), cookie: `theme=dark; ${cookie}; other=1` }
    const answer = await tryRefresh(stage, undefined, headers)
    expect(answer.status).toBe(200)
    expect(answer.body.refresh_token).toBeUndefined()
    const next = cookieOf(answer)
    expect(next).not.toBe(cookie)
    expect(await meStatus(stage, { key: String(answer.body.access_token) })).toBe(200)
    expect((await tryRefresh(stage, undefined, { ...headers, cookie: next })).status).toBe(200)
  })

  test('is ended by a page of this host, and the browser forgets it', async () => {
    await using stage = await setLoginStage()
    const headers = { origin: ownOrigin(stage), cookie: await logInWithCookie(stage) }
    const ended = await logOut(stage, headers)
    expect([ended.status, cookieOf(ended, 0)]).toEqual([204, `${NAME}=`])
    expect((await tryRefresh(stage, undefined, headers)).status).toBe(401)
  })

  test('is neither made, refreshed nor ended for a page of another host, or for no page', async () => {
    await using stage = await setLoginStage()
    const cookie = await logInWithCookie(stage)
    for (const headers of [{}, ...FOREIGN.map((origin) => ({ origin }))]) {
      const answers = [
        await tryLogin(stage, { cookie: true, headers }),
        await tryRefresh(stage, undefined, { ...headers, cookie }),
        await logOut(stage, { ...headers, cookie }),
      ]
      for (const { status, body, headers } of answers) {
        expect([status, body.code, headers.get('set-cookie')]).toEqual([403, 'forbidden', null])
      }
    }
    const headers = { origin: ownOrigin(stage), cookie }
    expect((await tryRefresh(stage, undefined, headers)).status).toBe(200)
  })

  test('is refreshed by a page of an origin that may call, and by none because all may', async () => {
    const origin = 'https://chat.example.com'
    for (const [corsOrigins, status] of [
      [[origin], 200],
      [['*'], 403],
    ] as const) {
      await using stage = await setLoginStage({ settings: { corsOrigins } })
      const cookie = await logInWithCookie(stage)
      expect((await tryRefresh(stage, undefined, { origin, cookie })).status).toBe(status)
    }
  })

  test('that is none is refused as every refresh token that is not good', async () => {
    await using stage = await setLoginStage()
    const origin = ownOrigin(stage)
    const { body } = await tryLogin(stage)
    const cookies = [
      '',
      `${NAME}=`,
      `${NAME}=junk`,
      `${NAME}=${body.access_token}`,
      `x${NAME}=${body.refresh_token}`,
      `parallama_refresh=${body.refresh_token}`,
    ]
    for (const cookie of cookies) {
      const answer = await tryRefresh(stage, undefined, { origin, ...(cookie && { cookie }) })
      expect([cookie, answer.status, answer.body]).toMatchObject([
        cookie,
        401,
        { code: 'refresh_invalid', detail: 'this refresh token is not good; log in again' },
      ])
      expect(answer.headers.get('set-cookie')).toBeNull()
    }
  })

  test('is nothing to any other endpoint: a page needs the access token', async () => {
    await using stage = await setLoginStage()
    const headers = { origin: ownOrigin(stage), cookie: await logInWithCookie(stage) }
    expect((await callApi(stage, 'GET', '/me', { as: null, headers })).status).toBe(401)
    expect((await stage.get('/ollama/api/tags', { as: null, headers })).status).toBe(401)
  })
})
