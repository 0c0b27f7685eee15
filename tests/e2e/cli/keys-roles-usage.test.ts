import { describe, expect, test } from 'bun:test'
import { API_KEY_PATTERN } from '../../../app/domain/api-key.ts'
import { toUsageRecord } from '../../../app/usage/row.ts'
import { openDatabase } from '../../../db/client.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { runProgram } from '../../support/cli-program.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const HOUR_MS = 3_600_000

const dataDir = temporaryFolder()
const run = (...args: string[]) => runProgram(args, { env: { PARALLAMA_DATA_DIR: dataDir } })
const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await run(...args, '--json')
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout)
}

const anna = await json('user', 'create', 'anna')

describe('key', () => {
  test('generate shows the key once, list and info never again', async () => {
    const made = await json('key', 'generate', 'anna', '--description', 'my laptop')
    expect(made).toMatchObject({ username: 'anna', description: 'my laptop', status: 'active' })
    expect(made.key).toMatch(API_KEY_PATTERN)
    expect(made.id).toBe(made.key.slice(4, 14))
    const { stdout } = await run('key', 'generate', 'anna', '--expires', '12h')
    expect(stdout).toMatch(/^Key {10}plk_\w{59}\nId {11}\w{10}\n/)
    expect(stdout).toContain('can never be shown again')
    const shown = await Promise.all([
      run('key', 'list'),
      run('key', 'list', '--username', 'anna', '--json'),
      run('user', 'info', 'anna', '--json'),
    ])
    expect(shown.map(({ code }) => code)).toEqual([0, 0, 0])
    for (const { stdout } of shown) {
      expect(stdout).toContain(made.id)
      expect(stdout).not.toContain(made.key.slice(14, -4))
    }
    const [, second] = JSON.parse(shown[1].stdout)
    expect(second.expiresAt - second.createdAt).toBeWithin(12 * HOUR_MS - 5000, 12 * HOUR_MS + 5000)
    expect(shown[0].stdout).toMatch(
      /^ID +USERNAME +.*STATUS +CREATED +EXPIRES +LAST USED +DESCRIPTION\n/,
    )
  })

  test('revoke takes the id or the key, and says the same when it is done again', async () => {
    const made = await json('key', 'generate', 'anna')
    const revoked = await json('key', 'revoke', made.id)
    expect(revoked).toMatchObject({ id: made.id, status: 'revoked' })
    expect(await json('key', 'revoke', made.key)).toEqual(revoked)
    expect((await run('key', 'list')).stdout).toMatch(new RegExp(`^${made.id} .* revoked `, 'm'))
    expect(await run('key', 'revoke', 'nothing')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'parallama: there is no key with the id "nothing"\n',
    })
  })
})

describe('role', () => {
  test('list and info tell what a role includes and permits', async () => {
    const roles = await json('role', 'list')
    expect(roles.map(({ name }: { name: string }) => name)).toEqual(['admin', 'basic', 'premium'])
    expect(await json('role', 'info', 'premium')).toEqual(roles[2])
    expect((await run('role', 'list')).stdout).toMatch(
      /^premium +basic +0 +100 +normal +- +\* +Uses/m,
    )
    const { stdout } = await run('role', 'info', 'basic')
    expect(stdout).toMatch(/^Permissions +gateway:ollama$/m)
    expect(stdout).toMatch(/^Weight +100 \(default\)$/m)
    expect(await run('role', 'info', 'premum')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('did you mean premium?'),
    })
  })

  test('grant gives a role for good or for a time, revoke takes it', async () => {
    const rolesNow = async () => (await json('user', 'info', 'anna')).roles
    const startedAt = Date.now()
    expect((await run('role', 'grant', 'anna', 'premium', '--expires', '2w')).stdout).toMatch(
      /^anna has the role premium until \d{4}-.*Z\.\n$/,
    )
    const [, premium] = await rolesNow()
    expect(premium.expiresAt - startedAt).toBeWithin(336 * HOUR_MS, 336 * HOUR_MS + 5000)
    expect((await run('user', 'list')).stdout).toMatch(/ premium \((until|ends) /)
    expect(await json('role', 'grant', 'anna', 'premium')).toEqual({
      message: 'anna has the role premium.',
    })
    expect(await rolesNow()).toContainEqual({ name: 'premium', expiresAt: null })
    expect((await run('role', 'revoke', 'anna', 'premium')).stdout).toBe(
      'anna no longer has the role premium.\n',
    )
    expect((await run('role', 'revoke', 'anna', 'premium')).code).toBe(1)
  })

  test('update sets the models of a role', async () => {
    expect(await json('role', 'update', 'basic', '--models', 'llama3*, qwen3:8b')).toMatchObject({
      models: ['llama3*', 'qwen3:8b'],
    })
    expect((await run('role', 'update', 'basic', '--models', '')).stdout).toContain('none')
    expect((await run('role', 'update', 'basic', '--models', '*')).code).toBe(0)
    expect((await run('role', 'update', 'basic', '--models', 'no name')).code).toBe(1)
  })
})

describe('usage list', () => {
  test('shows what was used, estimated counts marked, and filters it', async () => {
    const store = openDatabase(`sqlite:${dataDir}/parallama.db`)
    const changes = { user_id: anna.id, prompt_tokens: 77 }
    const rows = [
      requestRow({ ...changes, outcome: 'cancelled', error_code: 'client_closed', estimated: 1 }),
      requestRow({ ...changes, started_at: Date.now() - 60 * HOUR_MS, model: 'qwen3:8b' }),
    ]
    await insertRequests(store, rows)
    const records = rows.map(toUsageRecord)
    await store.close()
    const { stdout } = await run('usage', 'list', 'anna')
    expect(stdout).toMatch(/chat +llama2:latest +~77 +~34 .* client_closed\n/)
    expect(stdout).toMatch(/chat +qwen3:8b +77 +34 .* completed\n$/)
    expect(await json('usage', 'list', 'anna')).toEqual(records)
    expect(await json('usage', 'list', 'anna', '--model', 'llama2')).toEqual([records[0]])
    expect(await json('usage', 'list', 'anna', '--days', '1')).toEqual([records[0]])
    expect(await json('usage', 'list', 'anna', '--gateway', 'openai')).toEqual([])
    expect((await run('usage', 'list', 'anna', '--limit', '1')).stdout).toContain('--limit')
    expect((await run('usage', 'list', 'nobody')).code).toBe(1)
  })
})
