import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { openDatabase } from '../../../db/client.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { type Ended, runProgram, serveProgram } from '../../support/cli-program.ts'
import { rawExchange, rawRequest } from '../../support/gateway/raw-http.ts'
import { TEST_SECRET } from '../../support/gateway.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const PASSWORD = 'violet-harbour-9-teapots'
const MOST_BYTES = 2048
/** What moves the cursor, rings, retitles the window, ends a line or turns the reading direction. */
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it finds
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/

const FORGED = '"},{"level":"error","msg":"forged"}'
/** As they can be in a header, byte by byte. */
const IN_HEADERS: readonly (readonly [string, string])[] = [
  ['escape sequences', '\x1b[2J\x1b[31mred\x1b]0;owned\x07'],
  ['C1 controls', '\x9b2J\x90x\x9c\x85'],
  ['bytes of a bidi mark', Buffer.from('\u202egnp.exe\u2066\u200f').toString('latin1')],
  ['a fragment of JSON', FORGED],
  ['backspaces and a bell', 'good\b\b\b\bevil\x07'],
  ['tabs', 'a\tb'],
  ['12 KB', 'x'.repeat(12_000)],
  ['quotes and backslashes', '\\"\\\\"\\u0000'],
]
/** As they can be in JSON. */
const IN_BODIES: readonly (readonly [string, string])[] = [
  ['line breaks', `anna\r\n{"level":"error","msg":"forged"}\n`],
  ['escape sequences', '\x1b[2J\x1b[31mred\x1b]0;owned\x07'],
  ['C1 controls', '\x9b2J\x85'],
  ['bidi marks', '\u202egnp.exe\u2066\u200f\u061c'],
  ['line separators', 'a\u2028b\u2029c'],
  ['a fragment of JSON', FORGED],
  ['64 KB', 'x'.repeat(65_536)],
  ['half a character', 'a\ud800b'],
]

const folder = temporaryFolder()
const env = {
  PARALLAMA_DATA_DIR: folder,
  PARALLAMA_SECRET: TEST_SECRET,
  PARALLAMA_LOG_LEVEL: 'debug',
  PARALLAMA_OLLAMA_URLS: 'http://127.0.0.1:1',
}
const serving = await serveProgram([], { env })
const port = Number(new URL(serving.url).port)
const store = openDatabase(`sqlite:${join(folder, 'parallama.db')}`)
const admin = testAdmin(store.db)
await admin.users.create(TESTER, { username: 'root', roles: ['admin'], password: PASSWORD })
const { key, id: keyId } = await admin.keys.generate(TESTER, 'root')
afterAll(async () => {
  await store.close()
  await serving.stop()
})

const login = JSON.stringify({ username: 'root', password: PASSWORD })
const tokens = await fetch(`${serving.url}/auth/login`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: login,
})
const { refresh_token: refreshToken } = (await tokens.json()) as { refresh_token: string }

const statuses = new Set<number>()

/** Sends these header lines as they are. */
async function sendRaw(requestLine: string, lines: readonly string[], body = ''): Promise<void> {
  const own = [`Host: 127.0.0.1:${port}`, `Content-Length: ${Buffer.byteLength(body)}`]
  const type = 'Content-Type: application/json'
  const request = rawRequest([`${requestLine} HTTP/1.1`, ...own, type, ...lines], body)
  const answer = await rawExchange(port, request)
  answer.end()
  if (answer.status !== null) statuses.add(answer.status)
}

async function send(method: string, path: string, body: object): Promise<void> {
  const response = await fetch(serving.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  await response.text()
  statuses.add(response.status)
}

const bearer = `Authorization: Bearer ${key}`

describe('whatever is in a request, nothing of it breaks a line of ours:', () => {
  let ended: Ended
  let lines: string[]

  beforeAll(async () => {
    for (const [, text] of IN_HEADERS) {
      for (const name of ['User-Agent', 'X-Request-Id', 'X-Forwarded-For', 'Cookie', 'Referer']) {
        await sendRaw('GET /me', [`${name}: ${text}`])
        await sendRaw('GET /me', [bearer, `${name}: ${text}`])
        await sendRaw('GET /admin/users/nobody', [bearer, `${name}: ${text}`])
      }
      await sendRaw('GET /me', [`Authorization: Bearer ${text}`])
      await sendRaw('POST /auth/login', [`User-Agent: ${text}`], login)
      await sendRaw(`GET /admin/users/${text.replaceAll(/[^!-~]/g, '%1b')}`, [bearer])
    }
    await sendRaw('GET /me', [`User-Agent: ${'x'.repeat(65_536)}`])
    for (const secret of [key, refreshToken]) {
      await send('DELETE', `/admin/users/${secret}`, {})
      await send('DELETE', `/admin/sessions/${secret}`, {})
      await send('POST', '/admin/keys/inspect', { key: `${secret}x` })
    }
    for (const [, text] of IN_BODIES) {
      await send('POST', '/auth/login', { username: text, password: text })
      await send('POST', '/auth/token', { refresh_token: text })
      await send('POST', '/admin/users', { username: text })
      await send('POST', '/admin/users', { [text]: 'x' })
      await send('POST', '/me/keys', { description: text })
      await send('POST', '/admin/roles', { name: text })
      await send('PATCH', '/admin/roles/basic', { description: text })
      await send('POST', '/ollama/api/chat', { model: text, messages: [] })
      const name = encodeURIComponent(text.toWellFormed().slice(0, 3000))
      for (const method of ['GET', 'PATCH', 'DELETE']) {
        await send(method === 'GET' ? 'PUT' : method, `/admin/users/${name}`, { disabled: true })
        await send('DELETE', `/admin/sessions/${name}`, {})
      }
    }
    ended = await serving.stop()
    lines = ended.stderr.split('\n').slice(0, -1)
  })

  test('the log has one entry of JSON a line, none longer than 2 KB and none forged', () => {
    expect(lines.length).toBeGreaterThan(150)
    for (const line of lines) {
      const entry = JSON.parse(line) as { level: string; msg: string }
      expect([line, Buffer.byteLength(line) <= MOST_BYTES]).toEqual([line, true])
      expect(['debug', 'info', 'warn']).toContain(entry.level)
      expect(entry.msg).not.toBe('forged')
    }
    expect([...statuses].filter((status) => status >= 500)).toEqual([])
  })

  test('nothing in it moves the cursor or turns the reading direction of who reads it', () => {
    expect(lines.filter((line) => UNSAFE.test(line))).toEqual([])
  })

  test('no secret that was sent is in it', () => {
    for (const secret of [PASSWORD, key.slice(14, -6), refreshToken.slice(14, -6)]) {
      expect(lines.filter((line) => line.includes(secret))).toEqual([])
    }
  })

  test.each([
    ['audit list --limit 1000', 100],
    ['key list', 2],
    ['user list', 1],
    ['role list', 3],
    ['auth sessions root', 2],
    [`key inspect ${keyId}`, 5],
  ])('the table of `%s` has a line for each entry, and only text', async (line, least) => {
    const { code, stdout, stderr } = await runProgram(line.split(' '), { env })
    expect([code, stderr.split('\n').length <= 2]).toEqual([0, true])
    const rows = stdout.trimEnd().split('\n')
    expect(rows.length).toBeGreaterThan(least)
    expect(rows.filter((row) => UNSAFE.test(row))).toEqual([])
    expect(rows.filter((row) => row.startsWith('{'))).toEqual([])
    const wanted = line.startsWith('audit')
      ? (await store.db.selectFrom('audit_log').select('id').execute()).length
      : null
    if (wanted !== null) expect(rows.length).toBe(Math.min(wanted, 1000) + 1)
  })

  test('the same as JSON has one value for each entry, and only text', async () => {
    const { stdout } = await runProgram(['audit', 'list', '--limit', '1000', '--json'], { env })
    expect(UNSAFE.test(stdout)).toBe(false)
    for (const entry of JSON.parse(stdout) as { target: string; requestId: string | null }[]) {
      expect(entry.target.length).toBeLessThanOrEqual(256)
      expect(entry.requestId ?? 'none').toMatch(/^[\w-]{1,64}$/)
    }
  })
})
