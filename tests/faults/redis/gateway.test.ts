import { afterEach, describe, expect, test } from 'bun:test'
import { TESTER } from '../../support/builders.ts'
import { CHAT, type Stage, setStage } from '../../support/gateway/stage.ts'
import { ask } from '../../support/servers/ask.ts'
import type { ControlledServer } from '../../support/servers/controlled.ts'
import { ownPostgres, ownRedis, redisForTests } from '../../support/servers.ts'
import { until } from './replicas.ts'

const available = await redisForTests()
const servers: ControlledServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.dispose()
})

async function own(start: typeof ownRedis): Promise<ControlledServer> {
  const server = await start()
  if ('skip' in server) throw new Error(server.skip)
  servers.push(server)
  return server
}

const flush = (redis: ControlledServer): Promise<string> => ask(redis.port, 'FLUSHALL\r\n')

const chat = (stage: Stage) => stage.post('/ollama/api/chat', { ...CHAT, stream: false })

/** Chats so often, several at a time; how often each status was answered. */
async function chats(stage: Stage, count: number): Promise<Record<number, number>> {
  const statuses: Record<number, number> = {}
  let left = count
  const ask = async (): Promise<void> => {
    while (left-- > 0) {
      const response = await chat(stage)
      await response.text()
      statuses[response.status] = (statuses[response.status] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: 8 }, ask))
  return statuses
}

const limitRequests = (stage: Stage, amount: number) =>
  stage.gateway.admin.limits.set(
    TESTER,
    { user: stage.user.username },
    { gateway: 'ollama', amounts: [{ unit: 'requests', window: 'day', amount }] },
  )

async function modeOf({ gateway }: Stage): Promise<string> {
  const response = await fetch(`${gateway.url}/readyz`)
  const { checks } = (await response.json()) as { checks: { limits: string } }
  return `${response.status} ${checks.limits}`
}

describe.skipIf('skip' in available)('a gateway', () => {
  test('whose Redis is emptied admits exactly what was left', async () => {
    const redis = await own(ownRedis)
    await using stage = await setStage({ settings: { redisUrl: redis.url } })
    await limitRequests(stage, 100)
    expect(await chats(stage, 60)).toEqual({ 200: 60 })
    await flush(redis)
    expect(await chats(stage, 60)).toEqual({ 200: 40, 429: 20 })
  })

  test.each(['killed', 'standing still'])(
    'whose Redis is %s goes on serving, says so, and is exact again',
    async (how) => {
      const redis = await own(ownRedis)
      await using stage = await setStage({ settings: { redisUrl: redis.url } })
      await limitRequests(stage, 100_000)
      const administrator = await stage.gateway.administrator()
      const metric = async (mode: string): Promise<string | undefined> => {
        const text = await (await stage.get('/metrics', { as: administrator })).text()
        return new RegExp(`^parallama_limiter_mode\\{mode="${mode}"\\} (.*)$`, 'm').exec(text)?.[1]
      }
      let isOver = false
      const statuses: Record<number, number> = {}
      const asking = Array.from({ length: 4 }, async () => {
        while (!isOver) {
          const response = await chat(stage)
          await response.text()
          statuses[response.status] = (statuses[response.status] ?? 0) + 1
        }
      })
      const served = () => statuses[200] ?? 0

      await until(() => served() > 20)
      await (how === 'killed' ? redis.stop('crash') : redis.pause())
      await until(async () => (await modeOf(stage)) === '200 local')
      expect([await metric('local'), await metric('exact')]).toEqual(['1', '0'])
      const before = served()
      await until(() => served() > before + 100)
      await (how === 'killed' ? redis.start() : redis.resume())
      await until(async () => (await modeOf(stage)) === '200 exact')
      expect([await metric('local'), await metric('exact')]).toEqual(['0', '1'])
      const after = served()
      await until(() => served() > after + 20)
      isOver = true
      await Promise.all(asking)

      expect(Object.keys(statuses)).toEqual(['200'])
      const told = stage.gateway.log
        .filter(({ message }) => message.startsWith('Redis is'))
        .map(({ level, message }) => `${level}: ${message}`)
      expect(told).toEqual([
        'warn: Redis is gone: limits are held locally',
        'info: Redis is back: limits are exact again',
      ])
    },
  )
})

const postgres = await ownPostgres()

describe.skipIf('skip' in available || 'skip' in postgres)(
  'a gateway whose database is gone',
  () => {
    test('refuses what only the database could tell, and recovers', async () => {
      const database = postgres as ControlledServer
      servers.push(database)
      const redis = await own(ownRedis)
      await using stage = await setStage({ database, settings: { redisUrl: redis.url } })
      await limitRequests(stage, 100)
      expect(await chats(stage, 10)).toEqual({ 200: 10 })
      await database.stop('crash')
      const known = await chat(stage)
      expect(known.status).toBe(200)
      await flush(redis)
      const refused = await chat(stage)
      expect(refused.status).toBe(503)
      expect(refused.headers.get('retry-after')).toBe('2')
      expect(await refused.json()).toMatchObject({ code: 'limits_unavailable' })
      await database.start()
      await until(async () => (await chat(stage)).status === 200)
    })
  },
)
