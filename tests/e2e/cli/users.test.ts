import { describe, expect, test } from 'bun:test'
import { type Ended, runProgram } from '../../support/cli-program.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const PASSWORD = 'violet-harbour-9-teapots'

/** The program on a data directory of its own; its output as JSON, where it printed any. */
function onNewData() {
  const env = { PARALLAMA_DATA_DIR: temporaryFolder() }
  const run = (line: string, stdin?: string): Promise<Ended> =>
    runProgram(line.split(' '), stdin === undefined ? { env } : { env, stdin })
  const json = async (line: string, stdin?: string) => {
    const { code, stdout, stderr } = await run(`${line} --json`, stdin)
    expect([code, stderr]).toEqual([0, ''])
    return JSON.parse(stdout)
  }
  return { run, json }
}

describe('user', () => {
  const { run, json } = onNewData()

  test('create, list and info tell people in columns and programs in JSON', async () => {
    const created = await run('user create anna')
    expect(created).toMatchObject({ code: 0, stderr: '' })
    expect(created.stdout).toMatch(
      /^Username {2}anna\nRoles {5}basic\nStatus {4}active\nCreated {3}\d{4}-\d\d-\d\dT[\d:]{8}Z\n$/,
    )
    const bob = await json('user create bob --admin --role premium')
    expect(bob).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      username: 'bob',
      disabled: false,
      roles: [
        { name: 'admin', expiresAt: null },
        { name: 'premium', expiresAt: null },
      ],
      createdAt: expect.any(Number),
    })
    const { stdout } = await run('user list')
    expect(stdout).toMatch(/^USERNAME {2}ROLES +STATUS {2}CREATED\nanna .*\nbob .*\n$/)
    expect(await json('user list --role premium')).toEqual([bob])
    expect(await json('user info bob')).toEqual({ ...bob, keys: [] })
    expect((await run('user info bob')).stdout).toMatch(
      /^Username {2}bob\nRoles {5}admin, premium\n/,
    )
  })

  test('update changes roles and disables, and says what is now', async () => {
    expect(await json('user update anna --role premium --disable')).toMatchObject({
      disabled: true,
      roles: [{ name: 'premium' }],
    })
    expect((await run('user update anna --enable --admin')).stdout).toMatch(
      /Roles {5}admin, premium\nStatus {4}active/,
    )
    expect(await json('user update anna --no-admin')).toMatchObject({
      roles: [{ name: 'premium' }],
    })
  })

  test('create and password take a password from standard input and never ask', async () => {
    const carl = await json('user create carl --password-stdin', `${PASSWORD}\n`)
    expect(JSON.stringify(carl)).not.toContain('argon2')
    expect((await run('user password carl --password-stdin', `${PASSWORD}2`)).stdout).toBe(
      'The password of carl is set.\n',
    )
    expect(await run('user password carl --password-stdin', 'short\n')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'parallama: the password must have at least 15 characters\n',
    })
    const refused = await run('user create dora --password-stdin', 'dora-dora-dora-dora')
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('user name') })
    expect((await run('user info dora')).code).toBe(1)
    expect(await run('user password carl')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--password-stdin'),
    })
  })

  test('delete asks for --yes without a terminal, and says what it did with it', async () => {
    const asked = await run('user delete carl')
    expect(asked).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--yes') })
    expect((await run('user info carl')).code).toBe(0)
    await json('key generate carl')
    expect(await run('user delete carl --yes')).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^Deleted carl; 1 key\(s\) ended\. .* usage is kept\.\n$/),
      stderr: '',
    })
    await run('user create dora')
    expect(await json('user delete dora -y')).toMatchObject({
      message: expect.stringContaining('Deleted dora'),
    })
    expect(await run('user info carl')).toMatchObject({
      code: 1,
      stderr: 'parallama: there is no user "carl"\n',
    })
  })

  test('delete, disable and demote of the last administrator fail and change nothing', async () => {
    const before = await json('user list')
    for (const line of [
      'user delete bob --yes',
      'user update bob --disable',
      'user update bob --no-admin',
      'role revoke bob admin',
      'role grant bob admin --expires 1h',
    ]) {
      expect(await run(line)).toEqual({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(
          /^parallama: this would leave nobody with the role admin.*\n$/,
        ),
      })
    }
    expect(await json('user list')).toEqual(before)
  })
})

describe('a new data directory', () => {
  const { run, json } = onNewData()

  test('is made by whichever command comes first, and starts empty', async () => {
    expect(await json('user list')).toEqual([])
    expect((await run('user list')).stdout).toContain('parallama user create NAME')
    expect((await run('key list')).stdout).toContain('parallama key generate NAME')
    expect(await json('key list')).toEqual([])
    expect((await run('user list --role premium')).stdout).toBe('Nobody has the role premium.\n')
  })
})
