import { describe, expect, test } from 'bun:test'
import { openDatabase } from '../../../db/client.ts'
import { TESTER } from '../../support/builders.ts'
import { limit } from '../../support/gateway/limits.ts'
import type { TestUser } from '../../support/gateway/people.ts'
import { CHAT, type Stage, setStage } from '../../support/gateway/stage.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const HOUR_MS = 3_600_000
const VERSION = '/ollama/api/version'

const folder = temporaryFolder()

const ask = (stage: Stage, as: TestUser) => stage.get(VERSION, { as })
const chat = async (stage: Stage, as: TestUser): Promise<number> =>
  (await stage.post('/ollama/api/chat', { ...CHAT, stream: false }, { as })).status

/** Rotates the key of the stage's user, who then has the new one. */
async function rotated(stage: Stage, graceMs: number): Promise<TestUser> {
  const { key, id } = await stage.gateway.admin.keys.rotate(TESTER, stage.user.keyId, { graceMs })
  return { ...stage.user, key, keyId: id }
}

/** Asks until the answer is another than that; the change was made by another process. */
async function untilNot(status: number, get: () => Promise<Response>): Promise<Response> {
  let response = await get()
  while (response.status === status) response = await get()
  return response
}

describe('a key that was rotated', () => {
  test('says when it was replaced and when it ends, and the new one is good at once', async () => {
    await using stage = await setStage()
    const before = await ask(stage, stage.user)
    expect(['deprecation', 'sunset', 'link'].filter((name) => before.headers.has(name))).toEqual([])
    const next = await rotated(stage, HOUR_MS)
    const fresh = await ask(stage, next)
    expect([fresh.status, fresh.headers.has('deprecation')]).toEqual([200, false])
    const { admin } = stage.gateway
    const [old, made] = await Promise.all(
      [stage.user, next].map((u) => admin.keys.inspect(u.keyId)),
    )
    let told = await ask(stage, stage.user)
    while (!told.headers.has('deprecation')) told = await ask(stage, stage.user)
    expect(told.status).toBe(200)
    expect(Object.fromEntries(told.headers)).toMatchObject({
      deprecation: `@${Math.floor((made?.createdAt ?? 0) / 1000)}`,
      sunset: new Date(old?.expiresAt ?? 0).toUTCString(),
      link: `</me/keys/${stage.user.keyId}/successor>; rel="successor-version"`,
    })
  })

  test('says so with an answer that is streamed, and with a refusal', async () => {
    await using stage = await setStage()
    await rotated(stage, HOUR_MS)
    let told = await ask(stage, stage.user)
    while (!told.headers.has('deprecation')) told = await ask(stage, stage.user)
    const answers = await Promise.all([
      stage.post('/ollama/api/chat', CHAT),
      stage.post('/ollama/api/chat', { ...CHAT, model: 'no-such-model' }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 404])
    for (const { headers } of answers) expect(headers.has('sunset')).toBe(true)
  })

  test('dies with its grace, and the new one lives on', async () => {
    await using stage = await setStage()
    const next = await rotated(stage, 0)
    expect((await untilNot(200, () => ask(stage, stage.user))).status).toBe(401)
    expect((await ask(stage, next)).status).toBe(200)
  })

  test('has no fresh budget: what limits a key limits those that come after it', async () => {
    await using stage = await setStage()
    await limit(stage, 'requests per day', 2, { key: stage.user.keyId })
    expect(await chat(stage, stage.user)).toBe(200)
    const next = await rotated(stage, HOUR_MS)
    expect([await chat(stage, next), await chat(stage, next)]).toEqual([200, 429])
    expect(await chat(stage, stage.user)).toBe(429)
    const again = await stage.gateway.admin.keys.rotate(TESTER, next.keyId)
    expect(await chat(stage, { ...next, key: again.key })).toBe(429)
  })
})

test('the server writes down when and from where a key was used, and the rest when it stops', async () => {
  const database = { url: `sqlite:${folder}/parallama.db` }
  await using stage = await setStage({ database, settings: { trustedProxies: ['127.0.0.1'] } })
  const { gateway, user } = stage
  const headers = { 'x-forwarded-for': '::ffff:192.0.2.7', 'user-agent': 'my program/1.0' }
  const startedAt = Date.now()
  const store = openDatabase(database.url)
  const uses = (keyId: string) =>
    store.db
      .selectFrom('api_keys')
      .select(['last_used_at as at', 'last_used_address as address', 'last_used_agent as agent'])
      .where('id', '=', keyId)
      .executeTakeFirstOrThrow()
  try {
    while ((await uses(user.keyId)).at === null) {
      expect((await stage.get(VERSION, { headers })).status).toBe(200)
    }
    const use = await uses(user.keyId)
    expect(use).toMatchObject({ address: '192.0.2.7', agent: 'my program/1.0' })
    expect(use.at).toBeGreaterThanOrEqual(startedAt)
    const second = await gateway.user()
    expect((await stage.get(VERSION, { as: second })).status).toBe(200)
    await gateway.stop()
    expect((await uses(second.keyId)).address).toBe('127.0.0.1')
    expect(await uses(user.keyId)).toEqual(use)
  } finally {
    await store.close()
  }
})
