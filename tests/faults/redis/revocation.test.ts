import { describe, expect, test } from 'bun:test'
import { TESTER } from '../../support/builders.ts'
import type { TestUser } from '../../support/gateway/people.ts'
import { redisForTests } from '../../support/servers.ts'
import { chat, crowd, type Pair, pair } from './pair.ts'

const available = await redisForTests()

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
