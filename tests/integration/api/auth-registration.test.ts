import { expect, test } from 'bun:test'
import { type ApiAnswer, callApi } from '../../support/api.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { type Stage, setStage } from '../../support/gateway/stage.ts'
import { loginOf, meStatus, PASSWORD, tryLogin, tryRefresh } from '../../support/logins.ts'

const STRANGER = { 'x-forwarded-for': '203.0.113.5' }

await describeEachDatabase('registration, over HTTP,', (openFresh) => {
  const register = (
    stage: Stage,
    invitation: unknown,
    { username = 'anna', password = PASSWORD, headers = {} } = {},
  ): Promise<ApiAnswer> =>
    callApi(stage, 'POST', '/auth/register', {
      as: null,
      body: { username, password, invitation },
      headers,
    })

  const invite = async (stage: Stage): Promise<string> => {
    const as = await stage.gateway.administrator()
    const { body } = await callApi(stage, 'POST', '/admin/invitations', { as, body: {} })
    return String(body.code)
  }

  test('is refused unless it is switched on, be the invitation good or not', async () => {
    await using stage = await setStage({ database: await openFresh() })
    for (const code of [await invite(stage), 'x']) {
      const { status, body } = await register(stage, code)
      expect([status, body]).toMatchObject([
        403,
        { code: 'forbidden', detail: 'nobody can register here; ask for an account' },
      ])
    }
    expect((await tryLogin(stage, { username: 'anna' })).status).toBe(401)
  })

  test('makes a user who is logged in, as the first version answered it', async () => {
    await using stage = await setStage({
      database: await openFresh(),
      settings: { registration: true },
    })
    const code = await invite(stage)
    const made = await register(stage, code)
    expect(made.body).toEqual({
      user_id: expect.any(String),
      username: 'anna',
      role: 'basic',
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      token_type: 'bearer',
      expires_in: 600,
    })
    const login = loginOf(made)
    expect(await meStatus(stage, login)).toBe(200)
    expect((await tryRefresh(stage, login.refreshToken)).status).toBe(200)
    expect((await tryLogin(stage, { username: 'anna' })).status).toBe(200)
    const again = await register(stage, code, { username: 'bob' })
    expect([again.status, again.body.code]).toEqual([403, 'forbidden'])
  })

  test('works once for those who use an invitation at the same time, at two servers', async () => {
    const database = await openFresh()
    const settings = { registration: true }
    await using stage = await setStage({ database, settings })
    await using other = await setStage({ database, settings })
    const code = await invite(stage)
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        register(i % 2 === 0 ? stage : other, code, { username: `anna${i}` }),
      ),
    )
    const statuses = answers.map(({ status }) => status).sort()
    expect(statuses).toEqual([201, ...Array<number>(7).fill(403)])
    const users = await database.db
      .selectFrom('users')
      .select('username')
      .where('username', 'like', 'anna%')
      .execute()
    const [made] = answers.filter(({ status }) => status === 201)
    expect(users).toEqual([{ username: String(made?.body.username) }])
  })

  test('names what is wrong only to who has an invitation, which stays good', async () => {
    await using stage = await setStage({
      database: await openFresh(),
      settings: { registration: true },
    })
    const code = await invite(stage)
    const wrong = [{ username: stage.user.username }, { username: 'a/b' }, { password: 'short' }]
    const statuses = async (invitation: string): Promise<number[]> => {
      const answers = wrong.map((change) => register(stage, invitation, change))
      return (await Promise.all(answers)).map(({ status }) => status)
    }
    expect(await statuses('pli_nothing')).toEqual([403, 403, 403])
    expect(await statuses(code)).toEqual([409, 422, 422])
    expect((await register(stage, code)).status).toBe(201)
  })

  test('shuts a stranger out who tries invitations, and fills no log for them', async () => {
    const database = await openFresh()
    const settings = { registration: true, trustedProxies: ['127.0.0.1'], failedAuthPerMinute: 5 }
    await using stage = await setStage({ database, settings })
    const tries = Array.from({ length: 20 }, () => register(stage, 'x', { headers: STRANGER }))
    const statuses = (await Promise.all(tries)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 403)).toHaveLength(5)
    expect(statuses.filter((status) => status === 429)).toHaveLength(15)
    const code = await invite(stage)
    expect((await register(stage, code, { headers: STRANGER })).status).toBe(429)
    expect((await register(stage, code)).status).toBe(201)
    const noted = await database.db
      .selectFrom('audit_log')
      .select('id')
      .where('action', '=', 'user.register')
      .where('outcome', '=', 'refused')
      .execute()
    expect(noted).toHaveLength(5)
  })
})
