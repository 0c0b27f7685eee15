import { describe, expect, test } from 'bun:test'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { MIGRATIONS } from '../../../db/migrations/index.ts'
import { type Ended, runProgram, serveProgram } from '../../support/cli-program.ts'
import { freshDatabase, postgresForTests } from '../../support/servers.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const MOST_MS = 30_000
/** Leaves a test time to see that 30 s were not kept. */
const PATIENCE = { timeout: 70_000 }

const folder = temporaryFolder()
let folders = 0

const newDataDir = () => ({ PARALLAMA_DATA_DIR: join(folder, `data-${folders++}`) })

/** Expects one line of complaint, exit code 1 and no output; returns the line. */
function onlyLine({ code, stdout, stderr }: Ended): string {
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^parallama: [^\n]+\n$/)
  return stderr
}

/** A program's end, which must come within 30 s. */
async function endInTime(args: readonly string[], env: Record<string, string>): Promise<Ended> {
  const startedAt = performance.now()
  const ended = await runProgram(args, { env })
  expect(performance.now() - startedAt).toBeLessThan(MOST_MS)
  return ended
}

const SERVE = ['serve', '--port', '0']

describe('a database that can’t be reached', () => {
  test('on a closed port is one line that names it, without its password', async () => {
    const PARALLAMA_DATABASE_URL = 'postgres://parallama:hunter2@127.0.0.1:1/parallama'
    for (const args of [SERVE, ['user', 'list'], ['migrate', 'status'], ['migrate', 'up']]) {
      const line = onlyLine(await endInTime(args, { ...newDataDir(), PARALLAMA_DATABASE_URL }))
      expect(line).toContain("postgres://127.0.0.1:1/parallama can't be reached")
      expect(line).not.toContain('hunter2')
    }
  })

  test('because it accepts but never answers is one line as well', PATIENCE, async () => {
    const silent = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
    const PARALLAMA_DATABASE_URL = `postgres://parallama@127.0.0.1:${silent.port}/parallama`
    const runs = [SERVE, ['user', 'list'], ['migrate', 'up']].map((args) =>
      endInTime(args, { ...newDataDir(), PARALLAMA_DATABASE_URL }),
    )
    for (const ended of await Promise.all(runs)) {
      expect(onlyLine(ended)).toContain(`127.0.0.1:${silent.port}`)
    }
    silent.stop(true)
  })

  test('for a password with odd characters never shows a part of it', async () => {
    for (const password of ['se@kret@x', 'a%40kret', 'kret:kret']) {
      const PARALLAMA_DATABASE_URL = `postgres://parallama:${password}@127.0.0.1:1/x`
      const { code, stderr } = await runProgram(['user', 'list'], {
        env: { ...newDataDir(), PARALLAMA_DATABASE_URL },
      })
      expect(code).toBe(1)
      expect(stderr).not.toContain('kret')
    }
  })
})

const server = await postgresForTests()

describe.skipIf('skip' in server)('a PostgreSQL that refuses', () => {
  test('the user or lacks the database is one line that names the address', async () => {
    if ('skip' in server) throw new Error(server.skip)
    for (const [part, value] of [
      ['pathname', '/no_such_database'],
      ['username', 'no_such_user'],
    ] as const) {
      const url = new URL(server.url)
      url[part] = value
      const env = { ...newDataDir(), PARALLAMA_DATABASE_URL: url.href }
      expect(onlyLine(await endInTime(['user', 'list'], env))).toContain(
        `${url.host}${url.pathname}`,
      )
    }
  })

  test('to write is one line that speaks of the database and not of a folder', async () => {
    const fresh = await freshDatabase()
    if ('skip' in fresh) throw new Error(fresh.skip)
    const url = new URL(fresh.url)
    url.searchParams.set('default_transaction_read_only', 'on')
    const env = { ...newDataDir(), PARALLAMA_DATABASE_URL: url.href }
    const line = onlyLine(await endInTime(SERVE, env))
    expect(line).toMatch(/read-only/)
    expect(line).not.toMatch(/folder/)
    await fresh.drop()
  })
})

describe('a schema that does not fit', () => {
  test('is named by serve --no-migrate, with the command that helps', async () => {
    const line = onlyLine(await endInTime([...SERVE, '--no-migrate'], newDataDir()))
    expect(line).toMatch(/lacks the migration 0001-initial; run: parallama migrate up/)
  })

  test('is served once migrate up has been run', async () => {
    const env = newDataDir()
    expect((await runProgram(['migrate', 'up'], { env })).stdout).toStartWith('Applied ')
    const { stdout } = await runProgram(['migrate', 'status'], { env })
    expect(stdout).toMatch(/^MIGRATION +APPLIED\n0001-initial +\d{4}-.*Z\n/)
    expect(stdout).not.toContain('pending')
    await using serving = await serveProgram(['--no-migrate'], { env })
    expect((await serving.stop()).code).toBe(0)
    const down = await runProgram(['migrate', 'down', '--yes'], { env })
    expect(down.stdout).toBe(`Took back ${Object.keys(MIGRATIONS).at(-1)}.\n`)
    expect((await runProgram(['migrate', 'status'], { env })).stdout).toContain('pending')
  })
})

describe('a port', () => {
  test('that is taken is named with the flag that changes it', PATIENCE, async () => {
    const env = newDataDir()
    await using serving = await serveProgram([], { env })
    const { port } = new URL(serving.url)
    const line = onlyLine(await endInTime(['serve', '--port', port], env))
    expect(line).toContain(`port ${port} on 127.0.0.1 is taken; choose another with --port`)
  })
})

describe('a master secret', () => {
  test('that others can read is refused with the command that mends it', async () => {
    const env = newDataDir()
    expect((await runProgram(['user', 'create', 'anna'], { env })).code).toBe(0)
    const file = join(env.PARALLAMA_DATA_DIR, 'secret')
    for (const mode of [0o640, 0o604, 0o644]) {
      chmodSync(file, mode)
      for (const args of [SERVE, ['key', 'generate', 'anna']]) {
        const line = onlyLine(await endInTime(args, env))
        expect(line).toContain(`other users can read the master secret ${file}`)
        expect(line).toContain(`run chmod 600 ${file}`)
      }
    }
    chmodSync(file, 0o600)
    await Bun.write(file, 'short\n')
    expect(onlyLine(await endInTime(SERVE, env))).toContain(`${file} is shorter than 32`)
  })
})
