import { expect, test } from 'bun:test'
import { type ApiAnswer, callApi } from '../../support/api.ts'
import { TESTER } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import type { TestUser } from '../../support/gateway/people.ts'
import { CHAT, type Stage, setStage } from '../../support/gateway/stage.ts'

await describeEachDatabase('what is asked for with an Idempotency-Key', (openFresh) => {
  const make = (stage: Stage, as: TestUser, key: string, body: object = {}) =>
    callApi(stage, 'POST', `/admin/users/${stage.user.username}/keys`, {
      as,
      body,
      headers: { 'idempotency-key': key },
    })

  const isReplay = ({ headers }: ApiAnswer): boolean =>
    headers.get('idempotency-replayed') === 'true'

  const keysOf = async (stage: Stage, as: TestUser): Promise<number> => {
    const path = `/admin/keys?username=${stage.user.username}`
    return (await callApi(stage, 'GET', path, { as })).data.length
  }

  test('is made once, and answered with the same, the text of the key too', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const first = await make(stage, root, 'one', { description: 'x' })
    const second = await make(stage, root, 'one', { description: 'x' })
    expect(first.status).toBe(201)
    expect([isReplay(first), isReplay(second)]).toEqual([false, true])
    expect(second.body).toEqual(first.body)
    expect(second.headers.get('location')).toBe(first.headers.get('location'))
    expect(await keysOf(stage, root)).toBe(2)
    const { data } = await callApi(stage, 'GET', '/admin/audit?action=key.generate', { as: root })
    expect(data.filter(({ target }) => target === first.body.id)).toHaveLength(1)
    const as = { ...stage.user, key: String(second.body.key) }
    expect((await stage.post('/ollama/api/chat', CHAT, { as })).status).toBe(200)
  })

  test('is refused for another request with the same key', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    await make(stage, root, 'one', { description: 'x' })
    const other = await make(stage, root, 'one', { description: 'y' })
    expect(other.status).toBe(422)
    expect(String(other.body.detail)).toStartWith('Idempotency-Key: ')
    const elsewhere = await callApi(stage, 'POST', '/admin/roles', {
      as: root,
      body: { name: 'team' },
      headers: { 'idempotency-key': 'one' },
    })
    expect(elsewhere.status).toBe(422)
    expect(await keysOf(stage, root)).toBe(2)
  })

  test('is made once by twenty at the same time', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const answers = await Promise.all(Array.from({ length: 20 }, () => make(stage, root, 'one')))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
    expect(new Set(answers.map(({ body }) => body.key)).size).toBe(1)
    expect(answers.filter((answer) => !isReplay(answer))).toHaveLength(1)
    expect(await keysOf(stage, root)).toBe(2)
  })

  test('belongs to who asks: the same key of another is another', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const other = await stage.gateway.administrator()
    const answers = [await make(stage, root, 'one'), await make(stage, other, 'one')]
    expect(answers.map(isReplay)).toEqual([false, false])
    expect(answers[0]?.body.key).not.toBe(answers[1]?.body.key)
  })

  test('is nothing that a restricted key of the same user could get', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    expect((await make(stage, root, 'one')).status).toBe(201)
    const scopes = { permissions: ['users:manage'] }
    const { key } = await stage.gateway.admin.keys.generate(TESTER, root.username, { scopes })
    const refused = await make(stage, { ...root, key }, 'one')
    expect([refused.status, isReplay(refused)]).toEqual([403, false])
  })

  test('can be asked for again when it was refused', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const headers = { 'idempotency-key': 'one' }
    const body = { username: 'anna', roles: ['team'] }
    const anna = () => callApi(stage, 'POST', '/admin/users', { as: root, body, headers })
    expect((await anna()).status).toBe(404)
    await callApi(stage, 'POST', '/admin/roles', { as: root, body: { name: 'team' } })
    const made = await anna()
    expect([made.status, isReplay(made)]).toEqual([201, false])
    expect(isReplay(await anna())).toBe(true)
  })

  test('of whatever makes something is made once', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    const { keyId } = stage.user
    const makers: [string, object][] = [
      ['/admin/users', { username: 'anna' }],
      ['/admin/roles', { name: 'team' }],
      ['/admin/invitations', {}],
      [`/admin/keys/${keyId}/rotate`, {}],
      ['/admin/signing-keys/rotate', {}],
    ]
    for (const [path, body] of makers) {
      const headers = { 'idempotency-key': `for ${path}`.replace(' ', '-') }
      const ask = () => callApi(stage, 'POST', path, { as: root, body, headers })
      const answers = [await ask(), await ask()]
      expect(answers.map(({ status }) => status)).toEqual([201, 201])
      expect(answers.map(isReplay)).toEqual([false, true])
      expect(answers[1]?.body).toEqual(answers[0]?.body ?? {})
      expect(answers[0]?.headers.get('location')).toStartWith('/admin/')
    }
  })

  test('needs a key that can be one', async () => {
    await using stage = await setStage({ database: await openFresh() })
    const root = await stage.gateway.administrator()
    for (const key of ['', 'a b', 'x'.repeat(256)]) {
      expect([key, (await make(stage, root, key)).status]).toEqual([key, 422])
    }
    expect(await keysOf(stage, root)).toBe(1)
  })
})
