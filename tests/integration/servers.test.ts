import { afterAll, describe, expect, test } from 'bun:test'
import postgres from 'postgres'
import {
  freshDatabase,
  ownPostgres,
  ownRedis,
  postgresForTests,
  redisForTests,
} from '../support/servers.ts'

const shared = await postgresForTests()
const support = new URL('../support/servers.ts', import.meta.url).pathname
const disposals: (() => Promise<void>)[] = []

afterAll(async () => {
  for (const dispose of disposals) await dispose()
})

/** Runs a line of code that sees the module under test as `servers`. */
function runChild(code: string, env: Record<string, string> = {}) {
  const program = `const servers = await import(${JSON.stringify(support)}); ${code}`
  return Bun.spawn([process.execPath, '-e', program], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const bytes of stream) {
    text += decoder.decode(bytes, { stream: true })
    if (text.includes('\n')) break
  }
  return text.split('\n', 1)[0] ?? ''
}

/** Connects and resolves, once connected, to a promise of the connection's end. */
async function watchConnection(port: number): Promise<{ ended: Promise<void> }> {
  const ended = Promise.withResolvers<void>()
  await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: { data() {}, close: () => ended.resolve(), error: () => ended.resolve() },
  })
  return { ended: ended.promise }
}

/** Asks for a query until nothing listens any more; a server on its way out answers with errors. */
async function untilRefused(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  let code = ''
  while (code !== 'ECONNREFUSED') {
    code = await sql`select 1`.then(
      () => 'alive',
      (error: { code: string }) => error.code,
    )
  }
  await sql.end({ timeout: 0 })
}

describe.skipIf('skip' in shared)('PostgreSQL for tests', () => {
  test('each caller gets an empty database of its own on the one shared server', async () => {
    const [one, two] = await Promise.all([freshDatabase(), freshDatabase()])
    if ('skip' in one || 'skip' in two || 'skip' in shared) throw new Error('no server')
    expect(new URL(one.url).port).toBe(new URL(shared.url).port)
    const first = postgres(one.url, { max: 1 })
    const second = postgres(two.url, { max: 1 })
    await first`create table mine (id int)`
    expect(await second`select 1 from pg_tables where schemaname = 'public'`).toHaveLength(0)
    await one.drop()
    await two.drop()
    await expect(first`select 1`).rejects.toThrow()
    await Promise.all([first.end({ timeout: 0 }), second.end({ timeout: 0 })])
  })

  test('a server of a test’s own keeps its data and port over a restart and a crash', async () => {
    const server = await ownPostgres()
    if ('skip' in server) throw new Error(server.skip)
    disposals.push(server.dispose)
    const sql = postgres(server.url, { max: 1, onnotice: () => {} })
    await sql`create table kept as select 42 as answer`
    await server.restart()
    expect(await sql`select answer from kept`).toMatchObject([{ answer: 42 }])
    await server.stop('crash')
    await expect(sql`select 1`).rejects.toThrow()
    await server.start()
    expect(await sql`select 1 as up`).toMatchObject([{ up: 1 }])
    await sql.end({ timeout: 0 })
  })

  test('the server is gone when the process that started it is killed', async () => {
    const child = runChild('process.stdout.write((await servers.ownPostgres()).url + "\\n")')
    const url = await firstLine(child.stdout)
    child.kill('SIGKILL')
    await untilRefused(url)
  })

  test('a server given by its address is used instead of one of our own', async () => {
    if ('skip' in shared) throw new Error(shared.skip)
    const child = runChild(
      'const db = await servers.freshDatabase(); process.stdout.write(db.url); await db.drop()',
      { PARALLAMA_TEST_POSTGRES_URL: shared.url },
    )
    expect(new URL(await child.stdout.text()).port).toBe(new URL(shared.url).port)
  })
})

const redis = await redisForTests()

describe.skipIf('skip' in redis)('Redis for tests', () => {
  test('a server of a test’s own can be stopped and started on its port', async () => {
    const server = await ownRedis()
    if ('skip' in server) throw new Error(server.skip)
    disposals.push(server.dispose)
    const { ended } = await watchConnection(server.port)
    await server.stop('crash')
    await ended
    await expect(watchConnection(server.port)).rejects.toThrow()
    await server.start()
    await watchConnection(server.port)
  })
})

describe('a missing server', () => {
  const ask = 'process.stdout.write(JSON.stringify(await servers.redisForTests()))'

  test('is a skip that says what was looked for', async () => {
    const child = runChild(ask, { PATH: '/nonexistent' })
    expect(JSON.parse(await child.stdout.text()).skip).toStartWith('no Redis: set PARALLAMA_')
    expect(await child.stderr.text()).toContain('cases that need it are skipped: no Redis')
  })

  test('is a failure where servers are required', async () => {
    const env = { PATH: '/nonexistent', PARALLAMA_TEST_REQUIRE_SERVERS: '1' }
    const child = runChild(ask, env)
    expect(await child.exited).toBe(1)
    expect(await child.stderr.text()).toContain('no Redis')
  })
})
