import { expect, test } from 'bun:test'
import { callApi } from '../../support/api.ts'
import { CHAT, type Stage, setStage } from '../../support/gateway/stage.ts'
import { logIn, meStatus, setLoginStage, tryLogin, tryRefresh } from '../../support/logins.ts'

const chat = async (stage: Stage, key: string): Promise<number> =>
  (await stage.post('/ollama/api/chat', CHAT, { as: { ...stage.user, key } })).status

test('login and token answer what the first version answered, and nothing else', async () => {
  await using stage = await setLoginStage()
  const tokens = {
    access_token: expect.any(String),
    refresh_token: expect.any(String),
    token_type: 'bearer',
    expires_in: expect.any(Number),
  }
  const { body } = await tryLogin(stage)
  expect(body).toEqual(tokens)
  expect((await tryRefresh(stage, String(body.refresh_token))).body).toEqual(tokens)
})

test('keys are made, listed and ended at /auth/keys as in the first version', async () => {
  await using stage = await setLoginStage()
  const as = await logIn(stage)
  const body = { description: 'laptop' }
  const made = await callApi(stage, 'POST', '/auth/keys', { as, body })
  expect(made.body).toEqual({
    key: expect.stringMatching(/^plk_/),
    id: expect.any(String),
    description: 'laptop',
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  })
  const { id, key } = made.body as { id: string; key: string }
  expect(await chat(stage, key)).toBe(200)
  const listed = await callApi(stage, 'GET', '/auth/keys', { as })
  const { keys } = listed.body as { keys: { id: string }[] }
  expect(keys).toHaveLength(2)
  expect(keys.find((one) => one.id === id)).toMatchObject({
    ...body,
    created_at: made.body.created_at,
    revoked_at: null,
  })
  expect((await callApi(stage, 'DELETE', `/auth/keys/${id}`, { as })).status).toBe(204)
  expect(await chat(stage, key)).toBe(401)
  const after = (await callApi(stage, 'GET', '/auth/keys', { as })).body as typeof listed.body
  expect((after.keys as typeof keys).find((one) => one.id === id)).toMatchObject({
    revoked_at: expect.any(String),
  })
})

test("another user's key is not there at /auth/keys", async () => {
  await using stage = await setLoginStage()
  const other = await stage.gateway.user()
  const as = await logIn(stage)
  const refused = await callApi(stage, 'DELETE', `/auth/keys/${other.keyId}`, { as })
  expect(refused.status).toBe(404)
  expect(await chat(stage, other.key)).toBe(200)
  const { body } = await callApi(stage, 'GET', '/auth/keys', { as })
  expect(JSON.stringify(body)).not.toContain(other.keyId)
})

test('a key and an access token are taken in the same header, but two of them are not', async () => {
  await using stage = await setLoginStage()
  const { key } = await logIn(stage)
  for (const one of [key, stage.user.key]) expect(await meStatus(stage, { key: one })).toBe(200)
  const both = await callApi(stage, 'GET', '/me', { headers: { 'x-api-key': key } })
  expect([both.status, both.body.code]).toEqual([400, 'two_credentials'])
})

test('nothing under /auth/keys and /me is there for nobody', async () => {
  await using stage = await setStage()
  for (const path of ['/auth/keys', '/me', '/me/keys', '/me/sessions', '/me/limits', '/me/usage']) {
    const { status, headers } = await callApi(stage, 'GET', path, { as: null })
    expect([path, status]).toEqual([path, 401])
    expect(headers.get('www-authenticate')).toStartWith('Bearer')
  }
})
