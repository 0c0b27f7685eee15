import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startSimulatedOllama } from '../../cli/demo/simulated-ollama.ts'
import packageJson from '../../package.json' with { type: 'json' }
import type { Ended } from '../support/cli-program.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { onTerminal } from '../support/terminal.ts'

const PROJECT = join(import.meta.dir, '../..')
const PASSWORD = 'violet-harbour-9-teapots'
const COMMON = 'passwordpassword'

const folder = temporaryFolder()
const binary = join(folder, 'parallama')
const dataDir = join(folder, 'data')
/** A folder whose files would break a program that reads them because it was started there. */
const hostile = join(folder, 'hostile')

/** Ollama makes one token, and the others once that has been seen. */
const seen = Promise.withResolvers<void>()
let tokens = 0
const ollama = await startSimulatedOllama({
  pace: async () => (tokens++ === 0 ? undefined : seen.promise),
})
afterAll(() => ollama.stop())
const env = { PARALLAMA_DATA_DIR: dataDir, PARALLAMA_OLLAMA_URLS: ollama.url, HOME: folder }

/** Runs the binary to its end; there is no Bun, no Node and no checkout where it runs. */
async function run(args: readonly string[], stdin = '', cwd = folder): Promise<Ended> {
  const child = Bun.spawn([binary, ...args], {
    cwd,
    env,
    stdin: new Blob([stdin]),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()])
  return { code: await child.exited, stdout, stderr }
}

async function json(...args: string[]) {
  const { code, stdout, stderr } = await run([...args, '--json'])
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout)
}

const VERSION = { code: 0, stdout: `parallama ${packageJson.version}\n`, stderr: '' }

beforeAll(async () => {
  const hadDist = existsSync(join(PROJECT, 'dist'))
  const build = Bun.spawn([process.execPath, 'run', 'build', '--outfile', binary], {
    cwd: PROJECT,
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const said = `${await build.stdout.text()}${await build.stderr.text()}`
  if ((await build.exited) !== 0) throw new Error(said)
  expect(existsSync(join(PROJECT, 'dist'))).toBe(hadDist)
  mkdirSync(hostile)
  for (const name of ['.env', '.env.local', '.env.production']) {
    await Bun.write(join(hostile, name), 'PARALLAMA_PORT=from-a-file\nPARALLAMA_SECRET=short\n')
  }
  await Bun.write(join(hostile, 'bunfig.toml'), 'preload = ["./evil.ts"]\nlogLevel = "debug"\n')
  await Bun.write(join(hostile, 'evil.ts'), 'process.exit(66)\n')
  await Bun.write(join(hostile, 'package.json'), '{ "name": 1, "bun": [] ')
  await Bun.write(join(hostile, 'tsconfig.json'), '{ "extends": "./nothing.json" ')
}, 60_000)

describe('the binary', () => {
  test('says what it is and how it is used', async () => {
    expect(await run(['--version'])).toEqual(VERSION)
    const help = await run(['help'])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(help.stdout).toContain('Usage: parallama <command>')
    expect((await run(['usr'])).code).toBe(2)
  })

  test('reads neither .env nor bunfig.toml where it is started', async () => {
    expect(await run(['--version'], '', hostile)).toEqual(VERSION)
    const { code, stdout, stderr } = await run(['user', 'list'], '', hostile)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('There are no users yet')
  })

  test('works from any folder, and from one that may not be written to', async () => {
    for (const cwd of ['/', '/proc/self'])
      expect(await run(['--version'], '', cwd)).toEqual(VERSION)
  })

  test('hashes passwords with argon2id and knows those that everybody uses', async () => {
    await json('user', 'create', 'anna')
    const set = ['user', 'password', 'anna', '--password-stdin']
    expect(await run(set, COMMON)).toMatchObject({
      code: 1,
      stderr: 'parallama: this password is on every list of common passwords\n',
    })
    expect(await run(set, PASSWORD)).toMatchObject({ code: 0 })
    const database = new Database(join(dataDir, 'parallama.db'), { readonly: true })
    const { password_hash: hash } = database
      .query<{ password_hash: string }, []>('select password_hash from users')
      .get() ?? { password_hash: '' }
    database.close()
    expect(hash).toStartWith('$argon2id$')
    expect(await Bun.password.verify(PASSWORD, hash)).toBe(true)
  })

  test('serves a streamed chat, accounts for it, and ends with 0 at SIGTERM', async () => {
    const { key } = await json('key', 'generate', 'anna')
    await using gateway = onTerminal([binary, 'serve', '--port', '0'], { cwd: hostile, env })
    const [, url] = await gateway.waitFor(/"url":"([^"]+)".*"msg":"serving"/)
    const response = await fetch(`${url}/ollama/api/chat`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify({ model: 'llama3.2:3b', messages: [{ role: 'user', content: 'Hi' }] }),
    })
    expect(response.status).toBe(200)
    let answer = ''
    for await (const bytes of response.body ?? []) {
      answer += Buffer.from(bytes).toString()
      seen.resolve()
    }
    expect(answer).toEndWith('}\n')
    expect(JSON.parse(answer.trim().split('\n').at(-1) ?? '')).toMatchObject({ done: true })
    expect(await json('usage', 'list', 'anna')).toMatchObject([
      { operation: 'chat', model: 'llama3.2:3b', outcome: 'completed', promptTokens: 1 },
    ])
    gateway.kill('SIGTERM')
    expect(await gateway.exited).toBe(0)
    expect(gateway.screen()).toContain('"msg":"stopped"')
  })

  test('serves its API with the document and the page that describe it, and logins', async () => {
    await using gateway = onTerminal([binary, 'serve', '--port', '0'], { cwd: hostile, env })
    const [, url] = await gateway.waitFor(/"url":"([^"]+)".*"msg":"serving"/)
    const document = await (await fetch(`${url}/openapi.json`)).json()
    expect(document).toMatchObject({ openapi: '3.1.0', info: { version: packageJson.version } })
    expect(await (await fetch(`${url}/docs`)).text()).toContain('/docs/start.js')
    const assets = [
      ['start.js', /^SwaggerUIBundle\(/],
      ['swagger-ui-bundle.js', /SwaggerUIBundle/],
      ['swagger-ui.css', /\.swagger-ui/],
    ] as const
    for (const [name, content] of assets) {
      const response = await fetch(`${url}/docs/${name}`)
      expect([name, response.status]).toEqual([name, 200])
      expect(await response.text()).toMatch(content)
    }
    const login = await fetch(`${url}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'anna', password: PASSWORD }),
    })
    const { access_token: token } = (await login.json()) as { access_token: string }
    const me = await fetch(`${url}/me`, { headers: { authorization: `Bearer ${token}` } })
    expect([login.status, me.status]).toEqual([200, 200])
    expect(await me.json()).toMatchObject({ username: 'anna', credential: { kind: 'session' } })
  })

  test('shows the demo', async () => {
    const { code, stdout, stderr } = await run(['demo', '--once', '--port', '0'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toStartWith('Found Ollama at ')
    expect(stdout).toMatch(/^Outcome +completed$/m)
  })
})
