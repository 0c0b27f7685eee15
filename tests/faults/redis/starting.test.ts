import { afterAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { createClient } from 'redis'
import { startRedisProxy } from '../../integration/limits/redis-proxy.ts'
import { runProgram, serveProgram } from '../../support/cli-program.ts'
import type { ControlledServer } from '../../support/servers/controlled.ts'
import { ownRedis } from '../../support/servers.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const MOST_MS = 30_000
/** Leaves a test time to see that 30 s were not kept. */
const PATIENCE = { timeout: 70_000 }

const folder = temporaryFolder()
let folders = 0

const envWith = (PARALLAMA_REDIS_URL: string) => ({
  PARALLAMA_DATA_DIR: join(folder, `data-${folders++}`),
  PARALLAMA_REDIS_URL,
})

/** Expects one line of complaint within 30 s, exit code 1 and no output; returns the line. */
async function complaintAbout(redisUrl: string): Promise<string> {
  const startedAt = performance.now()
  const env = envWith(redisUrl)
  const { code, stdout, stderr } = await runProgram(['serve', '--port', '0'], { env })
  expect(performance.now() - startedAt).toBeLessThan(MOST_MS)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(
    /^parallama: Redis at redis:\/\/127\.0\.0\.1:\d+ can't be used \([^\n]+\n$/,
  )
  expect(stderr).not.toContain('kret')
  return stderr
}

describe('serve with a Redis that is none', () => {
  test('says in one line that nothing listens there', async () => {
    const line = await complaintAbout('redis://anna:s%65kret@127.0.0.1:1')
    expect(line).toContain('127.0.0.1:1 can')
    expect(line).toContain('(connection refused)')
  })

  test('says in one line that it never answers, or hangs up', PATIENCE, async () => {
    const silent = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
    const web = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('hello') })
    const [toSilent, toWeb] = await Promise.all([
      complaintAbout(`redis://127.0.0.1:${silent.port}`),
      complaintAbout(`redis://127.0.0.1:${web.port}`),
    ])
    expect(toSilent).toContain('(no answer)')
    expect(toWeb).toContain('(it hung up')
    silent.stop(true)
    await web.stop(true)
  })
})

const redis = await ownRedis()

describe.skipIf('skip' in redis)('serve with a Redis that', () => {
  const { url, dispose } = redis as ControlledServer
  afterAll(() => dispose())
  const as = (user: string): string => url.replace('//', `//${user}@`)

  async function tell(...commands: readonly (readonly string[])[]): Promise<void> {
    const client = await createClient({ url, RESP: 2 }).connect()
    for (const command of commands) await client.sendCommand(command)
    client.destroy()
  }

  test('is slow at first waits for it', async () => {
    let slow = 5
    const onCommand = async () => {
      if (slow-- > 0) await Bun.sleep(120)
    }
    const proxy = await startRedisProxy(url, { onCommand })
    await using serving = await serveProgram([], { env: envWith(proxy.url) })
    expect((await serving.stop()).code).toBe(0)
    await proxy.stop()
  })

  test('may evict what it should keep starts, and warns', async () => {
    await tell(['CONFIG', 'SET', 'maxmemory', '100mb', 'maxmemory-policy', 'allkeys-lru'])
    await using warned = await serveProgram([], { env: envWith(url) })
    expect((await warned.stop()).stderr).toMatch(/"policy":"allkeys-lru".*Redis may evict limits/)
    await tell(['CONFIG', 'SET', 'maxmemory-policy', 'noeviction'])
    await using quiet = await serveProgram([], { env: envWith(url) })
    expect((await quiet.stop()).stderr).not.toContain('evict')
  })

  test('refuses who logs in says in one line what is wrong', async () => {
    expect(await complaintAbout(as(':sekret'))).toContain('(it knows no password)')
    await tell(['ACL', 'SETUSER', 'anna', 'on', '>sekret', '~*', '+@connection'])
    expect(await complaintAbout(as('anna:geheimkret'))).toContain('(wrong user or password)')
    expect(await complaintAbout(as('anna:sekret'))).toContain(
      '(this user may not do what is needed)',
    )
  })

  test('can’t be written to says in one line why', async () => {
    await tell(['CONFIG', 'SET', 'maxmemory', '1'])
    expect(await complaintAbout(url)).toContain('(it has no memory left)')
    await tell(['CONFIG', 'SET', 'maxmemory', '0'], ['REPLICAOF', '127.0.0.1', '1'])
    expect(await complaintAbout(url)).toContain('(it is a read-only replica)')
  })

  test('wants a password says so in one line', async () => {
    await tell(['REPLICAOF', 'NO', 'ONE'], ['CONFIG', 'SET', 'requirepass', 'sekret'])
    expect(await complaintAbout(url)).toContain('(it wants a password)')
  })
})
