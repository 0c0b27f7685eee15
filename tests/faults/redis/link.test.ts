import { afterEach, describe, expect, test } from 'bun:test'
import { connectRedis, type RedisLink } from '../../../app/limits/redis-link.ts'
import { silentLog } from '../../../app/log.ts'
import type { ControlledServer } from '../../support/servers/controlled.ts'
import { ownRedis, redisForTests } from '../../support/servers.ts'
import { until } from './replicas.ts'

const available = await redisForTests()

const links: RedisLink[] = []
const servers: ControlledServer[] = []
afterEach(async () => {
  for (const link of links.splice(0)) link.close()
  for (const server of servers.splice(0)) await server.dispose()
})

async function connect(url: string): Promise<RedisLink> {
  const link = await connectRedis(url, silentLog)
  links.push(link)
  return link
}

async function setUp() {
  const redis = await ownRedis()
  if ('skip' in redis) throw new Error(redis.skip)
  servers.push(redis)
  return { redis, link: await connect(redis.url) }
}

const answers = (link: RedisLink): Promise<boolean> =>
  link.send(['PING']).then(
    () => true,
    () => false,
  )

describe.skipIf('skip' in available)('a process that stands still', () => {
  test('does not take the answers that came meanwhile for silence', async () => {
    const { link } = await setUp()
    for (const ms of [45, 100, 300]) {
      const asked = Array.from({ length: 20 }, () => link.send(['PING']))
      // The commands leave at the end of this turn; the answers come into a loop that does not turn.
      await new Promise((resolve) => setImmediate(resolve))
      Bun.sleepSync(ms)
      expect(await Promise.all(asked)).toEqual(Array(20).fill('PONG'))
    }
  })
})

describe.skipIf('skip' in available)('while Redis stands still', () => {
  test('commands fail at once and none pile up, and afterwards all is well', async () => {
    const { redis, link } = await setUp()
    await redis.pause()
    while (await answers(link));
    for (let i = 0; i < 20; i++) {
      const burst = Array.from({ length: 1000 }, () => link.send(['INCR', 'n']))
      const results = await Promise.allSettled(burst)
      expect(results.every(({ status }) => status === 'rejected')).toBeTrue()
    }
    await redis.resume()
    await until(() => answers(link))
    expect(await link.send(['GET', 'n'])).toBeNull()
  })

  test('it can be let go of', async () => {
    const { redis, link } = await setUp()
    await redis.pause()
    const asked = [answers(link), answers(link)]
    link.close()
    expect(await Promise.all(asked)).toEqual([false, false])
    expect(await answers(link)).toBeFalse()
  })
})

describe('a connection that the network has lost', () => {
  test('is replaced after some seconds', async () => {
    let isMute = false
    let connections = 0
    const lost = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      socket: {
        open() {
          connections++
          isMute = false
        },
        data(socket, bytes) {
          const commands = bytes.toString('latin1').match(/^\*\d+\r\n/gm) ?? []
          if (!isMute) socket.write('+OK\r\n'.repeat(commands.length))
        },
      },
    })
    const link = await connect(`redis://127.0.0.1:${lost.port}`)
    expect(await link.send(['PING'])).toBe('OK')
    isMute = true
    expect(await answers(link)).toBeFalse()
    await until(() => answers(link))
    expect(connections).toBe(2)
    lost.stop(true)
  })
})
