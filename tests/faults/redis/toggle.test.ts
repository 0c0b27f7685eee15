import { describe, expect, test } from 'bun:test'
import { TESTER } from '../../support/builders.ts'
import { redisForTests } from '../../support/servers.ts'
import { chat, crowd, pair } from './pair.ts'

const available = await redisForTests()

describe.skipIf('skip' in available).each([
  ['with limits', true],
  ['without limits', false],
])('with Redis, to a caller %s, another server', (_, hasLimits) => {
  test('admits nothing that begins after its gateway was switched off, and all once it is on', async () => {
    await using both = await pair()
    const { here, there, admin } = both
    const user = await here.gateway.user()
    if (hasLimits) {
      const amounts = [{ unit: 'requests', window: 'day', amount: 1_000_000 }] as const
      const proposal = { gateway: 'ollama', amounts }
      await here.gateway.admin.limits.set(TESTER, { user: user.username }, proposal)
    }
    const toggle = async (enabled: boolean): Promise<number> => {
      const changed = await here.send('PATCH', '/admin/gateways/ollama', { enabled }, { as: admin })
      expect(changed.status).toBe(200)
      return performance.now()
    }
    for (let round = 0; round < 5; round++) {
      const { begun, stop } = crowd(there, user, 16)
      while (begun.length < 100) await Bun.sleep(1)
      const offAt = await toggle(false)
      while (begun.filter(({ at }) => at > offAt).length < 50) await Bun.sleep(1)
      await stop()
      const statusesOf = (isIn: (at: number) => boolean) =>
        new Set(begun.filter(({ at }) => isIn(at)).map(({ status }) => status))
      expect(statusesOf((at) => at < offAt)).toContain(200)
      expect(statusesOf((at) => at > offAt)).toEqual(new Set([503]))
      await toggle(true)
      expect(await chat(there, user)).toBe(200)
    }
  })
})
