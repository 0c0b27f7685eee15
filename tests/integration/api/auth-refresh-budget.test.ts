import { expect, test } from 'bun:test'
import { createRefreshTokens } from '../../../app/auth/refresh-token.ts'
import { openKeyring } from '../../../app/auth/secrets.ts'
import type { Stage } from '../../support/gateway/stage.ts'
import { type Login, logIn, loginOf, setLoginStage, tryRefresh } from '../../support/logins.ts'

const OWNER = { 'x-forwarded-for': '198.51.100.7' }
const STRANGER = { 'x-forwarded-for': '203.0.113.5' }
const settings = { trustedProxies: ['127.0.0.1'] }

/** Refreshes one after the other, each with the token that the last one gave. */
async function refreshTimes(stage: Stage, login: Login, count: number): Promise<Login> {
  let last = login
  for (let i = 0; i < count; i++) {
    last = loginOf(await tryRefresh(stage, last.refreshToken, OWNER))
  }
  return last
}

test('a login is refreshed 120 times a minute at most, and other logins go on', async () => {
  await using stage = await setLoginStage({ settings })
  const [login, other] = [await logIn(stage), await logIn(stage)]
  const last = await refreshTimes(stage, login, 120)
  const refused = await tryRefresh(stage, last.refreshToken, OWNER)
  expect([refused.status, refused.body.code]).toEqual([429, 'too_many_failures'])
  expect(Number(refused.headers.get('retry-after'))).toBeWithin(1, 61)
  expect((await tryRefresh(stage, other.refreshToken, OWNER)).status).toBe(200)
})

test('made-up tokens with the id of a login cost that login nothing, but their sender', async () => {
  await using stage = await setLoginStage({ settings: { ...settings, failedAuthPerMinute: 130 } })
  const login = await logIn(stage)
  // Another server's: well-formed, for this session, and not genuine here.
  const stranger = createRefreshTokens(openKeyring('the master secret of another server'))
  const sessionId = login.refreshToken.slice(4, 14)
  for (let generation = 0; generation < 130; generation++) {
    const token = stranger.mint({ sessionId, salt: 'salt', generation })
    expect((await tryRefresh(stage, token, STRANGER)).status).toBe(401)
  }
  const more = stranger.mint({ sessionId, salt: 'salt', generation: 0 })
  expect((await tryRefresh(stage, more, STRANGER)).status).toBe(429)
  const last = await refreshTimes(stage, login, 3)
  expect((await tryRefresh(stage, last.refreshToken, OWNER)).status).toBe(200)
})
