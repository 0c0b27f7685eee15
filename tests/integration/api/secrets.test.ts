import { afterAll, expect, test } from 'bun:test'
import { type ApiAnswer, type Calling, callApi } from '../../support/api.ts'
import { dumpDatabase, dumpRedis } from '../../support/dump.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { logText } from '../../support/gateway/log.ts'
import { CHAT, type Stage, setStage } from '../../support/gateway/stage.ts'
import { TEST_SECRET } from '../../support/gateway.ts'
import { loginOf, PASSWORD, tryLogin, tryRefresh } from '../../support/logins.ts'
import { ownRedis } from '../../support/servers.ts'
import { misplaceSecrets } from './misplaced-secrets.ts'
import { createSecrets, privateKeysOf, type Secrets } from './secret-keeping.ts'

interface World {
  readonly stage: Stage
  readonly database: TestDatabase
  readonly secrets: Secrets
}

/** Calls as the user and fails unless that is done. */
async function done({ stage }: World, method: string, path: string, calling: Calling = {}) {
  const answer = await callApi(stage, method, path, calling)
  expect([path, String(answer.status)]).toEqual([path, expect.stringMatching(/^20[014]$/)])
  return answer.body
}

/** Logs in in every way, refreshes, uses a token twice, changes the password. */
async function useLogins(world: World, password: string): Promise<void> {
  const { stage, database, secrets } = world
  const noteTokens = (name: string, answer: ApiAnswer) => {
    const login = loginOf(answer)
    secrets.add(`the access token of ${name}`, login.key)
    secrets.add(`the refresh token of ${name}`, login.refreshToken)
    return login
  }
  const first = noteTokens('a login', await tryLogin(stage, { password }))
  const next = noteTokens('a refresh', await tryRefresh(stage, first.refreshToken))
  await database.db.updateTable('sessions').set({ rotated_at: 1 }).execute()
  expect((await tryRefresh(stage, first.refreshToken)).status).toBe(401)
  expect((await tryRefresh(stage, next.refreshToken)).status).toBe(401)
  const headers = { origin: stage.gateway.url }
  const inCookie = await tryLogin(stage, { password, cookie: true, headers })
  const cookie = inCookie.headers.get('set-cookie')?.split(/[=;]/)[1]
  secrets.add('the refresh token of a cookie', cookie)
  const changed = secrets.add('the changed password', 'another-harbour-9-teapots')
  const as = noteTokens('a second login', await tryLogin(stage, { password }))
  const body = { current_password: password, new_password: changed }
  await done(world, 'PUT', '/me/password', { as, body })
  const root = await stage.gateway.administrator()
  const path = `/admin/users/${stage.user.username}/password`
  const set = secrets.add('the password that was set', 'a third-harbour-9-teapots')
  await done(world, 'PUT', path, { as: root, body: { password: set } })
}

/** Makes keys, with and without an `Idempotency-Key`, and replaces them, as the server does too. */
async function useKeys(world: World): Promise<void> {
  const { stage, database, secrets } = world
  const make = async (path: string, name: string, calling: Calling = {}) => {
    const made = await done(world, 'POST', path, { body: {}, ...calling })
    secrets.add(name, made.key)
    return String(made.id)
  }
  const id = await make('/me/keys', 'a new key')
  await make('/auth/keys', 'a key made as in the first version')
  const headers = { 'idempotency-key': 'a-key-of-the-client' }
  const once = await make('/me/keys', 'a key made once', { headers })
  expect(await make('/me/keys', 'a key made once, again', { headers })).toBe(once)
  await make(`/me/keys/${id}/rotate`, 'the next key')

  const body = { rotate_every_seconds: 86_400, grace_seconds: 3600 }
  const rotating = await make('/me/keys', 'a key that is replaced', { body })
  await database.db
    .updateTable('api_keys')
    .set({ rotates_at: 1 })
    .where('id', '=', rotating)
    .execute()
  expect(await stage.gateway.admin.keys.rotateDue()).toBe(1)
  const successor = `/me/keys/${rotating}/successor`
  const fetched = await done(world, 'POST', successor)
  const key = secrets.add('the key that the server made', fetched.key)
  await stage.post('/ollama/api/chat', CHAT, { as: { ...stage.user, key } })
}

/** Invites people, who register. */
async function useInvitations(world: World): Promise<void> {
  const { stage, secrets } = world
  const as = await stage.gateway.administrator()
  secrets.add('the key of an administrator', as.key)
  const calling = { as, body: {}, headers: { 'idempotency-key': 'an-invitation' } }
  const used = await done(world, 'POST', '/admin/invitations', calling)
  const open = await done(world, 'POST', '/admin/invitations', { as, body: {} })
  secrets.add('an invitation', open.code)
  const invitation = secrets.add('an invitation that was used', used.code)
  const password = secrets.add('the password of who registers', 'blue-harbour-9-teapots')
  const body = { username: 'anna', password, invitation }
  const made = await done(world, 'POST', '/auth/register', { as: null, body })
  secrets.add('the refresh token of who registers', made.refresh_token)
  secrets.add('the access token of who registers', made.access_token)
  const { status } = await callApi(stage, 'POST', '/auth/register', { as: null, body })
  expect(status).toBe(403)
}

const redis = await ownRedis()
afterAll(async () => {
  if (!('skip' in redis)) await redis.dispose()
})

await describeEachDatabase('secrets', (openFresh) => {
  test('are in no table, in no Redis, in no log, in no error and in no audit log', async () => {
    const database = await openFresh()
    const redisUrl = 'skip' in redis ? null : redis.url
    const settings = { registration: true, trustedProxies: ['127.0.0.1'], redisUrl }
    await using stage = await setStage({ database, settings })
    const secrets = createSecrets()
    const world = { stage, database, secrets }
    const password = secrets.add('the first password', PASSWORD)
    secrets.add('the master secret', TEST_SECRET)
    secrets.add('the key of the user', stage.user.key)
    const root = await stage.gateway.administrator()
    const path = `/admin/users/${stage.user.username}/password`
    await done(world, 'PUT', path, { as: root, body: { password } })
    await useLogins(world, password)
    await useKeys(world)
    await useInvitations(world)
    await done(world, 'POST', '/admin/signing-keys/rotate', { as: root, body: {} })
    const refusals = await misplaceSecrets(world)
    const privateKeys = await privateKeysOf(database)
    expect(privateKeys).toHaveLength(2)
    for (const d of privateKeys) secrets.add('the private half of a signing key', d)
    await stage.gateway.accounted(1)

    for (const refusal of refusals) secrets.expectNoneIn('a refusal', refusal)
    const audit = await callApi(stage, 'GET', '/admin/audit?limit=200', { as: root })
    expect(audit.data.length).toBeGreaterThan(20)
    secrets.expectNoneIn('the audit log', JSON.stringify(audit.body))
    const log = logText(stage.gateway.log)
    expect(log).toContain('login_failed')
    secrets.expectNoneIn('the log', log)
    const dump = await dumpDatabase(database.url)
    for (const known of [stage.user.username, stage.user.keyId, 'anna', '$argon2id$']) {
      expect(dump).toContain(known)
    }
    secrets.expectNoneIn('the database', dump)
    if (redisUrl === null) return
    const kept = await dumpRedis(redisUrl)
    expect(kept).toContain('parallama:login-place:')
    secrets.expectNoneIn('Redis', kept)
  })
})
