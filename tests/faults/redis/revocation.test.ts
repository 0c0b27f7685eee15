import { describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TESTER } from '../../support/builders.ts'
import type { TestUser } from '../../support/gateway/people.ts'
import { CHAT, type Stage, setStage } from '../../support/gateway/stage.ts'
import { ownRedis, redisForTests } from '../../support/servers.ts'

const available = await redisForTests()

interface Pair extends AsyncDisposable {
  /** Where administrators are. */
  readonly here: Stage
  /** Where everybody else is. */
  readonly there: Stage
  readonly admin: TestUser
}

/** Two gateways with one database and one Redis. */
async function pair(): Promise<Pair> {
  const redis = await ownRedis()
  if ('skip' in redis) throw new Error(redis.skip)
  const folder = await mkdtemp(join(tmpdir(), 'parallama-pair-'))
  const database = { url: `sqlite:${join(folder, 'shared.db')}` }
  const settings = { redisUrl: redis.url }
  const here = await setStage({ database, settings })
  const there = await setStage({ database, settings })
  return {
    here,
    there,
    admin: await here.gateway.administrator(),
    async [Symbol.asyncDispose]() {
      await there[Symbol.asyncDispose]()
      await here[Symbol.asyncDispose]()
      await redis.dispose()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const chat = async (stage: Stage, as: TestUser): Promise<number> => {
  const response = await stage.post('/ollama/api/chat', { ...CHAT, stream: false }, { as })
  await response.text()
  return response.status
}

/** Chats all the time and notes when each began, until told to stop. */
function crowd(stage: Stage, as: TestUser, size: number) {
  const begun: { readonly at: number; readonly status: number }[] = []
  let isOver = false
  const run = async (): Promise<void> => {
    while (!isOver) {
      const at = performance.now()
      begun.push({ at, status: await chat(stage, as) })
    }
  }
  const running = Promise.all(Array.from({ length: size }, run))
  return {
    begun,
    async stop(): Promise<void> {
      isOver = true
      await running
    },
  }
}

const WAYS: readonly [string, (pair: Pair, user: TestUser) => Promise<Response>, number][] = [
  [
    'a key',
    ({ here, admin }, { keyId }) =>
      here.get(`/admin/keys/${keyId}`, { as: admin, method: 'DELETE' }),
    401,
  ],
  [
    'a user',
    ({ here, admin }, { username }) =>
      here.send('PATCH', `/admin/users/${username}`, { disabled: true }, { as: admin }),
    401,
  ],
  [
    'a role',
    ({ here, admin }, { username }) =>
      here.get(`/admin/users/${username}/roles/basic`, { as: admin, method: 'DELETE' }),
    403,
  ],
]

describe.skipIf('skip' in available).each([
  ['with limits', true],
  ['without limits', false],
])('with Redis, to a caller %s, another server admits', (_, hasLimits) => {
  test.each(WAYS)('nothing that begins after %s was withdrawn', async (_what, withdraw, status) => {
    await using both = await pair()
    const { here, there } = both
    for (let round = 0; round < 5; round++) {
      const user = await here.gateway.user()
      if (hasLimits) {
        await here.gateway.admin.limits.set(
          TESTER,
          { user: user.username },
          { gateway: 'ollama', amounts: [{ unit: 'requests', window: 'day', amount: 1_000_000 }] },
        )
      }
      expect(await chat(there, user)).toBe(200)
      const { begun, stop } = crowd(there, user, 16)
      while (begun.length < 100) await Bun.sleep(1)
      const response = await withdraw(both, user)
      const answeredAt = performance.now()
      expect(response.status).toBeOneOf([200, 204])
      while (begun.filter(({ at }) => at > answeredAt).length < 50) await Bun.sleep(1)
      await stop()
      const before = begun.filter(({ at }) => at < answeredAt).map((request) => request.status)
      const after = begun.filter(({ at }) => at > answeredAt).map((request) => request.status)
      expect(before).toContain(200)
      expect(new Set(after)).toEqual(new Set([status]))
    }
  })
})
