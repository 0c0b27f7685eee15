import { describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { mintApiKey } from '../../../app/domain/api-key.ts'
import type { KeyOptions } from '../../../app/services/keys.ts'
import { TESTER } from '../../support/builders.ts'
import type { TestUser } from '../../support/gateway/people.ts'
import { CHAT, MODEL, type Stage, setStage } from '../../support/gateway/stage.ts'

const VERSION = '/ollama/api/version'

/** The stage's user, with another key of theirs. */
async function withKey(stage: Stage, options: KeyOptions): Promise<TestUser> {
  const { username } = stage.user
  const { key, id } = await stage.gateway.admin.keys.generate(TESTER, username, options)
  return { ...stage.user, key, keyId: id }
}

const chat = async (stage: Stage, as: TestUser, model: string = MODEL): Promise<number> =>
  (await stage.post('/ollama/api/chat', { ...CHAT, model, stream: false }, { as })).status

/** An answer as its caller reads it, but for the id of the request. */
const withoutId = async (response: Response): Promise<string> =>
  (await response.text()).replace(/[0-9a-f-]{36}/, 'ID')

describe('a key that is made for', () => {
  test('another gateway gets 403 here', async () => {
    await using stage = await setStage()
    await stage.gateway.admin.roles.grant(TESTER, stage.user.username, 'premium', null)
    const here = await withKey(stage, { scopes: { gateways: ['ollama'] } })
    const elsewhere = await withKey(stage, { scopes: { gateways: ['openai'] } })
    expect([await chat(stage, here), await chat(stage, elsewhere)]).toEqual([200, 403])
    expect(stage.asked()).toHaveLength(1)
  })

  test('another model gets the answer of a model that does not exist', async () => {
    await using stage = await setStage()
    const these = await withKey(stage, { scopes: { models: ['llama3*'] } })
    const others = await withKey(stage, { scopes: { models: ['qwen3*'] } })
    expect([await chat(stage, these), await chat(stage, others)]).toEqual([200, 404])
    const answers = await Promise.all(
      [MODEL, 'no-such-model'].map(async (model) => {
        const response = await stage.post('/ollama/api/chat', { ...CHAT, model }, { as: others })
        return (await withoutId(response)).replace(model, 'MODEL')
      }),
    )
    expect(answers[0]).toBe(answers[1] ?? '')
    const listed = await (await stage.get('/ollama/api/tags', { as: others })).json()
    expect(listed).toEqual({ models: [] })
    expect(stage.asked()).toHaveLength(1)
  })

  test('use manages no models, though its owner may, and one made to manage them does', async () => {
    await using stage = await setStage()
    const { admin } = stage.gateway
    await admin.roles.grant(TESTER, stage.user.username, 'admin', null)
    const remove = async (as: TestUser): Promise<number> =>
      (await stage.send('DELETE', '/ollama/api/delete', { model: MODEL }, { as })).status
    const user = await withKey(stage, { scopes: { gateways: ['ollama'] } })
    const one = await withKey(stage, { scopes: { permissions: ['gateway:ollama'] } })
    const manager = await withKey(stage, {
      scopes: { permissions: ['gateway:ollama', 'models:manage'] },
    })
    expect([await remove(user), await remove(one)]).toEqual([403, 403])
    expect(await remove(manager)).toBe(200)
  })

  test('what its owner loses loses it with them, whatever it was made for', async () => {
    await using stage = await setStage()
    const { admin } = stage.gateway
    const key = await withKey(stage, { scopes: { gateways: ['ollama'], models: ['llama3*'] } })
    expect(await chat(stage, key)).toBe(200)
    await admin.roles.revoke(TESTER, stage.user.username, 'basic')
    let status = 200
    // A request that runs at that moment is cut, with 401.
    while (status !== 403) status = await chat(stage, key)
    expect((await stage.get(VERSION, { as: key })).status).toBe(403)
  })
})

describe('a key that works only at certain addresses', () => {
  test('is unknown anywhere else, in the words for any bad key', async () => {
    await using stage = await setStage()
    const near = await withKey(stage, { scopes: { addresses: ['127.0.0.0/8'] } })
    const far = await withKey(stage, { scopes: { addresses: ['192.0.2.0/24'] } })
    expect((await stage.get(VERSION, { as: near })).status).toBe(200)
    const refused = await stage.get(VERSION, { as: far })
    const made = mintApiKey(randomBytes).text
    const unknown = await stage.get(VERSION, { as: { ...far, key: made } })
    expect([refused.status, unknown.status]).toEqual([401, 401])
    expect(await withoutId(refused)).toBe(await withoutId(unknown))
  })

  test('does not believe a caller who writes the address of another', async () => {
    await using stage = await setStage()
    const as = await withKey(stage, { scopes: { addresses: ['192.0.2.7'] } })
    for (const name of ['x-forwarded-for', 'x-real-ip', 'forwarded', 'client-ip']) {
      const headers = { [name]: name === 'forwarded' ? 'for=192.0.2.7' : '192.0.2.7' }
      expect([name, (await stage.get(VERSION, { as, headers })).status]).toEqual([name, 401])
    }
  })

  test('looks behind the proxies that are trusted, at the nearest address, however written', async () => {
    await using stage = await setStage({ settings: { trustedProxies: ['127.0.0.1', '10.0.0.1'] } })
    const as = await withKey(stage, { scopes: { addresses: ['192.0.2.7', '2001:db8::/32'] } })
    const cases: [forwarded: string, status: number][] = [
      ['192.0.2.7', 200],
      ['::ffff:192.0.2.7', 200],
      ['::FFFF:C000:0207', 200],
      ['0:0:0:0:0:ffff:192.0.2.7', 200],
      ['[::ffff:192.0.2.7]:4711', 200],
      ['192.0.2.7:4711', 200],
      ['198.51.100.1, 192.0.2.7, 10.0.0.1', 200],
      ['2001:DB8:0:0:0:0:0:1', 200],
      ['[2001:db8::1]', 200],
      ['192.0.2.8', 401],
      ['192.0.2.7, 198.51.100.1', 401],
      ['2001:db9::1', 401],
      ['::192.0.2.7', 401],
      ['192.0.2.07', 401],
      ['3221225991', 401],
      ['192.0.2.7, unknown', 401],
      ['', 401],
    ]
    for (const [forwarded, status] of cases) {
      const response = await stage.get(VERSION, { as, headers: { 'x-forwarded-for': forwarded } })
      expect([forwarded, response.status]).toEqual([forwarded, status])
    }
  })
})
