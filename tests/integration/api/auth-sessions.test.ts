import { expect, test } from 'bun:test'
import { callApi } from '../../support/api.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import type { Stage } from '../../support/gateway/stage.ts'
import {
  givePassword,
  type Login,
  logIn,
  meStatus,
  PASSWORD,
  setLoginStage,
  tryLogin,
  tryRefresh,
} from '../../support/logins.ts'

await describeEachDatabase('the own logins, over HTTP,', (openFresh) => {
  const list = async (stage: Stage, as: Pick<Login, 'key'>) =>
    (await callApi(stage, 'GET', '/me/sessions', { as })).data

  const currentId = async (stage: Stage, as: Login): Promise<string> =>
    String((await list(stage, as)).find((session) => session.is_current)?.id)

  const end = async (stage: Stage, as: Pick<Login, 'key'>, id: string): Promise<number> =>
    (await callApi(stage, 'DELETE', `/me/sessions/${id}`, { as })).status

  const statuses = (stage: Stage, logins: readonly Login[]): Promise<number[]> =>
    Promise.all(logins.map((login) => meStatus(stage, login)))

  test('are listed with where they are used, and which one asks', async () => {
    await using stage = await setLoginStage({ database: await openFresh() })
    const laptop = await logIn(stage, { headers: { 'user-agent': 'laptop/1' } })
    const phone = await logIn(stage, { headers: { 'user-agent': 'phone/1' } })
    await tryRefresh(stage, laptop.refreshToken, { 'user-agent': 'laptop/2' })
    const common = { username: stage.user.username, address: '127.0.0.1' }
    expect(await list(stage, phone)).toMatchObject([
      { ...common, agent: 'phone/1', is_current: true },
      { ...common, agent: 'laptop/2', is_current: false },
    ])
    expect(await list(stage, stage.user)).toMatchObject([
      { is_current: false },
      { is_current: false },
    ])
  })

  test('are ended one by one, the one that asks by that word, or all but that', async () => {
    await using stage = await setLoginStage({ database: await openFresh() })
    const logins = [await logIn(stage), await logIn(stage), await logIn(stage), await logIn(stage)]
    const [first, second, third, last] = logins as [Login, Login, Login, Login]
    expect(await end(stage, first, await currentId(stage, second))).toBe(204)
    expect(await statuses(stage, logins)).toEqual([200, 401, 200, 200])
    expect(await end(stage, third, 'current')).toBe(204)
    expect(await statuses(stage, logins)).toEqual([200, 401, 401, 200])
    const rest = await callApi(stage, 'DELETE', '/me/sessions', { as: last })
    expect(rest.body).toEqual({ ended: 1 })
    expect(await statuses(stage, logins)).toEqual([401, 401, 401, 200])
    for (const { refreshToken } of [first, second, third]) {
      expect((await tryRefresh(stage, refreshToken)).status).toBe(401)
    }
    expect((await tryRefresh(stage, last.refreshToken)).status).toBe(200)
  })

  test('with a key are ended all, for none of them asks', async () => {
    await using stage = await setLoginStage({ database: await openFresh() })
    const logins = [await logIn(stage), await logIn(stage)]
    expect(await end(stage, stage.user, 'current')).toBe(404)
    const all = await callApi(stage, 'DELETE', '/me/sessions', { as: stage.user })
    expect(all.body).toEqual({ ended: 2 })
    expect(await statuses(stage, logins)).toEqual([401, 401])
  })

  test('of others are as good as none, even for an administrator', async () => {
    await using stage = await setLoginStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    await givePassword(stage, root)
    const login = await logIn(stage)
    const foreign = await logIn(stage, { username: root.username })
    const answers = [
      await callApi(stage, 'DELETE', `/me/sessions/${await currentId(stage, foreign)}`, {
        as: login,
      }),
      await callApi(stage, 'DELETE', '/me/sessions/0123456789', { as: login }),
    ]
    for (const { status, body } of answers) {
      expect([status, body]).toMatchObject([404, { code: 'not_found' }])
    }
    expect(await end(stage, foreign, await currentId(stage, login))).toBe(404)
    expect(await list(stage, login)).toHaveLength(1)
    expect(await statuses(stage, [login, foreign])).toEqual([200, 200])
  })

  test('but the one that asks end when the password is changed', async () => {
    await using stage = await setLoginStage({ database: await openFresh() })
    const [first, second] = [await logIn(stage), await logIn(stage)]
    const next = 'another-harbour-9-teapots'
    const change = (current_password: string) =>
      callApi(stage, 'PUT', '/me/password', {
        as: first,
        body: { current_password, new_password: next },
      })
    expect(await change('violet-harbour-9-saucers')).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    })
    expect(await statuses(stage, [first, second])).toEqual([200, 200])
    expect((await change(PASSWORD)).status).toBe(204)
    expect(await statuses(stage, [first, second])).toEqual([200, 401])
    expect((await tryRefresh(stage, second.refreshToken)).status).toBe(401)
    expect((await tryRefresh(stage, first.refreshToken)).status).toBe(200)
    expect((await tryLogin(stage)).status).toBe(401)
    expect((await tryLogin(stage, { password: next })).status).toBe(200)
  })

  test('are twenty at most: one more ends the oldest', async () => {
    await using stage = await setLoginStage({ database: await openFresh() })
    const oldest = await logIn(stage)
    const second = await logIn(stage)
    for (let i = 2; i < 21; i++) await logIn(stage)
    expect(await statuses(stage, [oldest, second])).toEqual([401, 200])
    expect(await list(stage, second)).toHaveLength(20)
  })
})
