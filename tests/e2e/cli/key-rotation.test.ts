import { expect, test } from 'bun:test'
import { type RunOptions, runProgram } from '../../support/cli-program.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const DAY_MS = 86_400_000

const dataDir = temporaryFolder()
const run = (args: readonly string[], options: RunOptions = {}) =>
  runProgram(args, { ...options, env: { PARALLAMA_DATA_DIR: dataDir } })
const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await run([...args, '--json'])
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout)
}

await json('user', 'create', 'anna')

test('key generate restricts a key and says when it is replaced', async () => {
  const flags = ['--gateway', 'ollama', '--model', 'llama3*', '--model', 'qwen3:8b']
  const made = await json(
    ...['key', 'generate', 'anna', ...flags, '--permission', 'gateway:ollama'],
    ...['--from', '10.0.0.0/8', '--rotate-every', '30d', '--grace', '2d'],
  )
  expect(made.scopes).toEqual({
    gateways: ['ollama'],
    models: ['llama3*', 'qwen3:8b'],
    permissions: ['gateway:ollama'],
    addresses: ['10.0.0.0/8'],
  })
  expect(made.rotation).toEqual({
    everyMs: 30 * DAY_MS,
    graceMs: 2 * DAY_MS,
    nextAt: made.createdAt + 30 * DAY_MS,
  })
  const { stdout } = await run(['key', 'generate', 'anna', ...flags, '--rotate-every', '12h'])
  expect(stdout).toMatch(/^Only +gateways ollama; models llama3\*, qwen3:8b$/m)
  expect(stdout).toMatch(/^Rotates +every 12h, then works for 6h; next \d{4}-/m)
  expect(stdout).toContain('key successor')
})

test.each([
  [['--gateway', 'olama'], 1, 'did you mean ollama?'],
  [['--gateway', 'openai'], 1, 'anna does not have the permission gateway:openai'],
  [['--from', 'example.org'], 1, '"example.org" is no address'],
  [['--rotate-every', '30m'], 1, 'every hour at most'],
  [['--grace', '7d'], 1, 'a grace without a rotation'],
  [['--rotate-every', '30'], 2, '--rotate-every must be a time'],
])('key generate %p ends with %d and says why', async (flags, code, words) => {
  const ended = await run(['key', 'generate', 'anna', ...flags])
  expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(words) })
})

test('key rotate gives a new key once, and tells how long the old one works', async () => {
  const old = await json('key', 'generate', 'anna', '--description', 'laptop')
  const { code, stdout } = await run(['key', 'rotate', old.id, '--grace', '1d'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^Key {10}plk_\w{59}\n/)
  expect(stdout).toMatch(new RegExp(`The old key ${old.id} works until \\d{4}-.*Z\\.\n$`))
  const [, next = ''] = /^Id +(\w+)$/m.exec(stdout) ?? []
  expect((await json('key', 'inspect', old.key)).replacedBy).toBe(next)
  const again = await run(['key', 'rotate', old.id])
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining(next) })
  expect((await run(['key', 'successor', old.id])).code).toBe(1)
  const atOnce = await run(['key', 'rotate', next, '--grace', '0'])
  expect(atOnce.stdout).toEndWith(`The old key ${next} has ended.\n`)
  const revoked = await run(['key', 'revoke', old.id])
  expect(revoked.stdout).toContain(`Its successor ${next} goes on working.`)
})

test('key inspect says whose a key is, which it reads from a pipe so that no shell keeps it', async () => {
  const { id, key } = await json('key', 'generate', 'anna')
  const piped = await run(['key', 'inspect', '-'], { stdin: `${key}\n` })
  expect(piped.code).toBe(0)
  expect(piped.stdout).toMatch(/^Username +anna$/m)
  expect(piped.stdout).toMatch(/^Genuine +yes$/m)
  expect(piped.stdout).not.toContain(key.slice(14, -4))
  expect((await run(['key', 'inspect', id])).stdout).not.toContain('Genuine')
  const cut = await run(['key', 'inspect', '-'], { stdin: key.slice(0, -1) })
  expect(cut.code).toBe(1)
  expect(cut.stderr).toContain('checksum is wrong')
  expect(cut.stderr).not.toContain(id)
})
