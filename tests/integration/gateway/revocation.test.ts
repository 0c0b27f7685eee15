import { describe, expect, test } from 'bun:test'
import { TESTER } from '../../support/builders.ts'
import { runProgram } from '../../support/cli-program.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { chatChunk } from '../../support/fake-ollama/records.ts'
import { hang, stream } from '../../support/fake-ollama/script.ts'
import type { TestUser } from '../../support/gateway/people.ts'
import { readRecords } from '../../support/gateway/records.ts'
import { CHAT, MODEL, type Stage, setStage } from '../../support/gateway/stage.ts'
import { TEST_SECRET, type TestGateway } from '../../support/gateway.ts'

const HOLDS_WITHIN_MS = 1000

interface Withdrawal {
  readonly what: string
  /** What the next request gets. */
  readonly status: 401 | 403 | 404
  act(gateway: TestGateway, user: TestUser, role: string): Promise<unknown>
}

const BY_SERVICE: readonly Withdrawal[] = [
  {
    what: 'a key is revoked',
    status: 401,
    act: ({ admin }, { keyId }) => admin.keys.revoke(TESTER, keyId),
  },
  {
    what: 'a user is disabled',
    status: 401,
    act: ({ admin }, { username }) => admin.users.update(TESTER, username, { disabled: true }),
  },
  {
    what: 'a user is deleted',
    status: 401,
    act: ({ admin }, { username }) => admin.users.delete(TESTER, username),
  },
  {
    what: 'a role is taken away',
    status: 403,
    act: ({ admin }, { username }, role) => admin.roles.revoke(TESTER, username, role),
  },
  {
    what: 'a role expires',
    status: 403,
    act: async ({ admin }, { username }, role) => {
      const expiresAt = Date.now() + 300
      await admin.roles.grant(TESTER, username, role, expiresAt)
      await Bun.sleep(expiresAt - Date.now())
    },
  },
  {
    what: 'a role loses the model',
    status: 404,
    act: ({ admin }, _, role) => admin.roles.update(TESTER, role, { models: ['other*'] }),
  },
]

const run = async ({ databaseUrl }: TestGateway, ...args: string[]): Promise<void> => {
  const env = { PARALLAMA_SECRET: TEST_SECRET, PARALLAMA_DATABASE_URL: databaseUrl }
  expect(await runProgram(args, { env })).toMatchObject({ code: 0 })
}

const BY_COMMAND: readonly Withdrawal[] = [
  {
    what: 'key revoke has ended',
    status: 401,
    act: (gateway, { keyId }) => run(gateway, 'key', 'revoke', keyId),
  },
  {
    what: 'user update --disable has ended',
    status: 401,
    act: (gateway, { username }) => run(gateway, 'user', 'update', username, '--disable'),
  },
  {
    what: 'user delete has ended',
    status: 401,
    act: (gateway, { username }) => run(gateway, 'user', 'delete', username, '--yes'),
  },
  {
    what: 'role revoke has ended',
    status: 403,
    act: (gateway, { username }, role) => run(gateway, 'role', 'revoke', username, role),
  },
]

/** Asks again and again until it is refused; how long that took, in ms. */
async function untilRefused(stage: Stage, as: TestUser, status: number): Promise<number> {
  const began = performance.now()
  for (;;) {
    const response = await stage.post('/ollama/api/show', { model: MODEL }, { as })
    const { code } = (await response.json()) as { code?: string }
    const ms = performance.now() - began
    // One that was let in before the change may be cut by it, as any other.
    if (code === 'revoked') continue
    if (response.status === status) return ms
    expect(response.status).toBe(200)
    if (ms > 2 * HOLDS_WITHIN_MS) return ms
  }
}

await describeEachDatabase('within a second after', (openFresh) => {
  describe.each([...BY_SERVICE, ...BY_COMMAND])('$what', ({ status, act }) => {
    test('the next request is refused, and live answers are cut, each with its row', async () => {
      await using stage = await setStage({ database: await openFresh() })
      const { gateway, ollama } = stage
      const role = await gateway.role({})
      const user = await gateway.user({ roles: [role] })
      const one = stream([chatChunk(MODEL, 'one ')])
      ollama.once('/api/chat', [one, hang()])
      ollama.once('/api/chat', [one, hang()])
      ollama.on('/api/chat', hang())
      const live = readRecords(await stage.post('/ollama/api/chat', CHAT, { as: user }))
      const bystander = readRecords(await stage.post('/ollama/api/chat', CHAT))
      await Promise.all([live.next(), bystander.next()])
      const waiting = stage.post('/ollama/api/chat', CHAT, { as: user })
      for (let i = 0; i < 3; i++) await ollama.nextRequest('/api/chat')

      await act(gateway, user, role)
      const doneAt = performance.now()
      const [refusedAfterMs, rest, answer] = await Promise.all([
        untilRefused(stage, user, status),
        live.rest(),
        waiting,
      ])
      expect(refusedAfterMs).toBeLessThan(HOLDS_WITHIN_MS)
      expect(rest).toEqual([{ code: 'revoked', error: expect.stringContaining('withdrawn') }])
      expect(answer.status).toBe(401)
      expect(await answer.json()).toMatchObject({ code: 'revoked' })
      expect(performance.now() - doneAt).toBeLessThan(2 * HOLDS_WITHIN_MS)

      await ollama.nextAbort()
      await ollama.nextAbort()
      const chats = (await gateway.usageOf(user)).filter(({ operation }) => operation === 'chat')
      expect(chats).toMatchObject([
        { outcome: 'cancelled', error_code: 'revoked', completion_tokens: 1, estimated: 1 },
        { outcome: 'cancelled', error_code: 'revoked', completion_tokens: 0 },
      ])
      expect(ollama.inFlight()).toBe(1)
      await bystander.leave()
    })
  })
})

test('a change that takes nothing away cuts nobody', async () => {
  await using stage = await setStage()
  const { gateway, ollama, user } = stage
  ollama.once('/api/chat', [stream([chatChunk(MODEL, 'one ')]), hang()])
  const live = readRecords(await stage.post('/ollama/api/chat', CHAT))
  await live.next()
  await gateway.admin.roles.grant(TESTER, user.username, 'premium', null)
  const second = await gateway.admin.keys.generate(TESTER, user.username)
  await gateway.admin.keys.revoke(TESTER, second.id)
  expect(await untilRefused(stage, { ...user, key: second.key }, 401)).toBeLessThan(HOLDS_WITHIN_MS)
  expect(ollama.inFlight()).toBe(1)
  await live.leave()
})

test('a key that is made is good at once, also where it was tried before', async () => {
  await using stage = await setStage()
  const { gateway, user } = stage
  await gateway.admin.users.update(TESTER, user.username, { disabled: true })
  await untilRefused(stage, user, 401)
  await gateway.admin.users.update(TESTER, user.username, { disabled: false })
  const deadline = Date.now() + HOLDS_WITHIN_MS
  const ask = async () => (await stage.get('/ollama/api/version')).status
  while ((await ask()) !== 200 && Date.now() < deadline) await Bun.sleep(10)
  expect(await ask()).toBe(200)
  const { key } = await gateway.user()
  expect((await stage.get('/ollama/api/version', { as: { ...user, key } })).status).toBe(200)
})
