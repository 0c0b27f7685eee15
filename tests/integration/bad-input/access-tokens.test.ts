import { afterAll, describe, expect, test } from 'bun:test'
import { createSigningKeys } from '../../../app/auth/signing-keys.ts'
import { systemClock } from '../../../app/domain/clock.ts'
import { setEndpointStage } from '../../contract/endpoint-world.ts'
import { TESTER, testKeyring } from '../../support/builders.ts'
import { readRefusal } from '../../support/gateway/native-refusal.ts'
import { readProblem } from '../../support/gateway/problem.ts'
import { createForger, type Genuine } from './forged-logins.ts'

const CHALLENGE = 'Bearer realm="parallama", error="invalid_token"'

const world = await setEndpointStage()
const { stage, db } = world
const admin = await stage.gateway.administrator()
afterAll(() => world[Symbol.asyncDispose]())

/** A live session of an administrator, and the key that the server signs with. */
async function genuine(): Promise<Genuine> {
  const keys = createSigningKeys({ db, keyring: testKeyring, clock: systemClock })
  const { id: kid, privateKey } = await keys.current()
  const { id: sessionId } = await world.session(admin)
  // Tokens that were issued before are of an older version.
  await stage.gateway.admin.sessions.rotateTokens(TESTER, admin.username)
  const publicKey = await keys.find(kid)
  return { kid, privateKey, publicKey, userId: admin.id, sessionId, version: 1 }
}

const { signed, forgeries } = createForger(await genuine())

const as = (key: string) => ({ as: { ...admin, key } })

describe('an access token', () => {
  test('that our own key signs for a live session is good: what is refused below is refused for a reason', async () => {
    for (const path of ['/me', '/admin/users', '/ollama/api/version']) {
      const response = await stage.get(path, as(await signed()))
      expect([path, response.status, await response.text()]).toEqual([
        path,
        200,
        expect.any(String),
      ])
    }
    const published = await (await stage.get('/.well-known/jwks.json', { as: null })).json()
    expect(JSON.stringify(published)).not.toContain('"d"')
  })

  test.each(forgeries)(
    'with %s is refused in the words for any bad credential',
    async (_, make) => {
      const token = await make()
      const before = await world.snapshot()
      const junk = await readProblem(await stage.get('/me', as('junk')))
      for (const path of ['/me', '/admin/users']) {
        const response = await stage.get(path, as(token))
        expect(response.headers.get('www-authenticate')).toBe(CHALLENGE)
        expect(await readProblem(response)).toEqual(junk)
        expect(junk).toMatchObject({ status: 401, code: 'unauthorized' })
      }
      for (const name of ['x-api-key', 'api-key']) {
        const response = await stage.get('/me', { as: null, headers: { [name]: token } })
        expect([name, response.status]).toEqual([name, 401])
      }
      const response = await stage.get('/ollama/api/version', as(token))
      expect(response.headers.get('www-authenticate')).toBe(CHALLENGE)
      expect(await readRefusal(response)).toMatchObject({ status: 401, code: 'unauthorized' })
      expect(await world.snapshot()).toBe(before)
    },
  )

  test('of 100 KB does not reach us', async () => {
    const response = await stage.get('/me', as(await signed({}, { more: 'x'.repeat(100_000) })))
    expect(response.status).toBe(431)
  })

  test('is no refresh token, and a refresh token is no access token', async () => {
    const { accessToken, refreshToken } = await world.session(admin)
    expect((await stage.get('/me', as(accessToken))).status).toBe(200)
    expect((await stage.get('/me', as(refreshToken))).status).toBe(401)
    for (const path of ['/auth/token', '/auth/logout']) {
      const response = await stage.post(path, { refresh_token: accessToken }, { as: null })
      expect([path, response.status]).toEqual([path, path === '/auth/logout' ? 204 : 401])
    }
    expect((await stage.get('/me', as(accessToken))).status).toBe(200)
  })

  test('says nothing of what its bearer may do: what it claims of that is not looked at', async () => {
    const { id: sessionId } = await world.session(stage.user)
    const keys = createSigningKeys({ db, keyring: testKeyring, clock: systemClock })
    const { id: kid, privateKey } = await keys.current()
    const publicKey = await keys.find(kid)
    const forger = createForger({
      kid,
      privateKey,
      publicKey,
      userId: admin.id,
      sessionId,
      version: 0,
    })
    const claims = { role: 'admin', roles: ['admin'], permissions: ['users:manage'], scope: '*' }
    const token = await forger.signed({}, claims)
    expect((await stage.get('/admin/users', as(token))).status).toBe(403)
    expect(await (await stage.get('/me', as(token))).json()).toMatchObject({
      username: stage.user.username,
    })
  })
})
