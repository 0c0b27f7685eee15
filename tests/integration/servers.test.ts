import { afterAll, describe, expect, test } from 'bun:test'
import { createConnection, type Socket } from 'node:net'
import postgres from 'postgres'
import { postgresGreeting } from '../support/servers/postgres.ts'
import {
  freshDatabase,
  ownPostgres,
  ownRedis,
  postgresForTests,
  redisForTests,
} from '../support/servers.ts'

const shared = await postgresForTests()
const support = new URL('../support/servers.ts', import.meta.url).pathname
const clientOptions = { max: 1, fetch_types: false, onnotice: () => {} }
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

/** Says the greeting and resolves with how the connection ended: an error's code, or `closed`. */
function connectionEnd(port: number, greeting: string, onAnswer: (socket: Socket) => void) {
  return new Promise<string>((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port })
    socket.on('connect', () => socket.write(greeting))
    socket.on('data', () => onAnswer(socket))
    socket.on('error', (error: Error & { code?: string }) => resolve(error.code ?? 'error'))
    socket.on('close', () => resolve('closed'))
  })
}

describe.skipIf('skip' in shared)('PostgreSQL for tests', () => {
  test('each caller gets an empty database of its own on the one shared server', async () => {
    const [one, two] = await Promise.all([freshDatabase(), freshDatabase()])
    if ('skip' in one || 'skip' in two || 'skip' in shared) throw new Error('no server')
    expect(new URL(one.url).port).toBe(new URL(shared.url).port)
    const first = postgres(one.url, clientOptions)
    const second = postgres(two.url, clientOptions)
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
    const sql = postgres(server.url, clientOptions)
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
    const child = runChild(
      'process.stdout.write((await servers.ownPostgres()).port + "\\n"); setInterval(() => {}, 1000)',
    )
    const port = Number(await firstLine(child.stdout))
    const answered = Promise.withResolvers<void>()
    let ended = connectionEnd(port, postgresGreeting, () => answered.resolve())
    await answered.promise
    child.kill('SIGKILL')
    while ((await ended) !== 'ECONNREFUSED') {
      ended = connectionEnd(port, postgresGreeting, (socket) => socket.end())
    }
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
    const ping = (onAnswer: (socket: Socket) => void) =>
      connectionEnd(server.port, 'PING\r\n', onAnswer)
    const answered = Promise.withResolvers<void>()
    const ended = ping(() => answered.resolve())
    await answered.promise
    await server.stop('crash')
    await ended
    expect(await ping(() => {})).toBe('ECONNREFUSED')
    await server.start()
    expect(await ping((socket) => socket.end())).toBe('closed')
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
