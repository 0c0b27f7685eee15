import { describe, expect, test } from 'bun:test'
import { runProgram } from '../../support/cli-program.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const dataDir = temporaryFolder()
const run = (...args: string[]) => runProgram(args, { env: { PARALLAMA_DATA_DIR: dataDir } })
const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await run(...args, '--json')
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout)
}

await json('user', 'create', 'anna')

describe('role', () => {
  test('create makes one with everything that is given, and update takes it away again', async () => {
    const made = await json(
      ...['role', 'create', 'team', '--parent', 'basic', '--weight', '200', '--priority', 'high'],
      ...['--permission', 'usage:read', '--permission', 'audit:read', '--concurrent', '4'],
      ...['--models', 'llama3*, qwen3:8b', '--description', 'Those in room 7'],
    )
    expect(made).toMatchObject({
      name: 'team',
      parent: 'basic',
      weight: 200,
      priority: 'high',
      concurrent: 4,
      ownPermissions: ['audit:read', 'usage:read'],
      ownModels: ['llama3*', 'qwen3:8b'],
      description: 'Those in room 7',
    })
    const weighted = await json('role', 'update', 'team', '--weight', '7')
    expect(weighted).toEqual({ ...made, weight: 7, ownWeight: 7 })
    const clear = ['--parent', '--weight', '--priority', '--concurrent', '--permission', '--models']
    expect(await json('role', 'update', 'team', ...clear.flatMap((flag) => [flag, '']))).toEqual({
      ...made,
      parent: null,
      permissions: [],
      ownPermissions: [],
      models: [],
      ownModels: [],
      weight: 100,
      ownWeight: null,
      priority: 'normal',
      ownPriority: null,
      concurrent: null,
      ownConcurrent: null,
    })
  })

  test('info tells what is its own', async () => {
    await json('role', 'create', 'lower', '--parent', 'basic', '--weight', '9')
    const { stdout } = await run('role', 'info', 'lower')
    expect(stdout).toMatch(/^Weight +9$/m)
    expect(stdout).toMatch(/^Priority +normal \((default|inherited)\)$/m)
    expect(stdout).toMatch(/^Permissions +gateway:ollama$/m)
    expect(stdout).toMatch(/^Own permissions +none$/m)
  })

  test.each([
    [['create', 'x', '--weight', '1001'], 2, '--weight must be a whole number from 1 to 1000'],
    [['create', 'x', '--priority', 'urgent'], 2, 'must be one of low, normal, high'],
    [['create', 'x', '--permission', 'usage:raed'], 1, 'did you mean usage:read?'],
    [['create', 'No Name'], 1, 'a role name has 1 to 32'],
    [['update', 'team'], 2, 'nothing to change; give one of --parent'],
    [['update', 'admin', '--parent', ''], 1, 'the role admin would lose'],
    [['delete', 'basic', '--yes'], 1, 'is built in'],
    [['delete', 'team'], 2, '--yes'],
  ])('%j is refused with what is wrong', async (args, code, message) => {
    const refused = await run('role', ...args)
    expect(refused).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) })
  })

  test('delete takes it from its members only by force', async () => {
    await json('role', 'grant', 'anna', 'team')
    expect(await run('role', 'delete', 'team', '--yes')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('anna has the role team'),
    })
    expect((await run('role', 'delete', 'team', '--yes', '--force')).stdout).toBe(
      'Deleted the role team. It was taken from anna.\n',
    )
    expect((await run('role', 'info', 'team')).code).toBe(1)
  })
})

describe('audit list', () => {
  test('tells who did what to whom, the newest first, in short', async () => {
    await json('user', 'update', 'anna', '--disable')
    const { stdout } = await run('audit', 'list', '--limit', '3')
    expect(stdout).toMatch(/^TIME +ACTOR +FROM +ACTION +TARGET +OUTCOME +WHAT\n/)
    expect(stdout).toMatch(/^20\d\d-\S+Z +cli:\S+ +\S+ +user\.update +anna +done +.*no → yes/m)
    expect(stdout).toMatch(/role\.delete +team +refused +anna has the role team; take it/)
    expect(stdout).toEndWith('Only the newest 3 are shown; --limit shows more.\n')
  })

  test('is filtered, and tells everything as JSON', async () => {
    const created = await json('audit', 'list', '--action', 'user.', '--since', '1h')
    expect(created.map(({ action }: { action: string }) => action)).toEqual([
      'user.update',
      'user.create',
    ])
    expect(created[0]).toMatchObject({
      target: 'anna',
      outcome: 'done',
      detail: { before: { disabled: false }, after: { disabled: true } },
    })
    expect(await json('audit', 'list', '--actor', 'user:nobody')).toEqual([])
    const refused = await json('audit', 'list', '--outcome', 'refused', '--target', 'team')
    expect(refused).toMatchObject([{ action: 'role.delete', detail: { code: 'conflict' } }])
    expect((await run('audit', 'list', '--actor', 'user:nobody')).stdout).toBe(
      'There is no such entry.\n',
    )
    expect((await run('audit', 'list', '--outcome', 'failed')).code).toBe(2)
  })
})
