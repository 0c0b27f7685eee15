import { describe, expect, test } from 'bun:test'
import { type Ended, runProgram } from '../../support/cli-program.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** The program on a data directory of its own. */
function onNewData(more: Readonly<Record<string, string>> = {}) {
  const env = { PARALLAMA_DATA_DIR: temporaryFolder(), ...more }
  const run = (line: string): Promise<Ended> => runProgram(line.split(' '), { env })
  const json = async (line: string) => {
    const { code, stdout, stderr } = await run(`${line} --json`)
    expect([code, stderr]).toEqual([0, ''])
    return JSON.parse(stdout)
  }
  return { run, json }
}

describe('auth', () => {
  const { run, json } = onNewData()

  test('lists and ends logins, and says so when there are none', async () => {
    await json('user create anna')
    expect((await run('auth sessions anna')).stdout).toBe('anna is not logged in.\n')
    expect(await json('auth sessions anna')).toEqual([])
    expect(await run('auth sessions nobody')).toMatchObject({
      code: 1,
      stderr: 'parallama: there is no user "nobody"\n',
    })
    expect(await run('auth revoke-session nonesuch00')).toMatchObject({
      code: 1,
      stderr: 'parallama: there is no session with the id "nonesuch00"\n',
    })
    expect((await run('auth rotate-tokens anna')).stdout).toBe(
      'The access tokens of 0 login(s) of anna are worthless now.\n',
    )
  })

  test('ends the keys of a user as well, when that is asked', async () => {
    const { id } = await json('key generate anna')
    expect(await run('auth revoke-all anna')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Pass --yes to agree'),
    })
    expect((await run('auth revoke-all anna --yes')).stdout).toContain('keys go on working')
    expect((await run('auth revoke-all anna --keys --yes')).stdout).toBe(
      'Ended 0 login(s) and 1 key(s) of anna.\n',
    )
    expect(await json('key list --username anna')).toMatchObject([{ id, status: 'revoked' }])
  })

  test('makes and lists the keys that sign access tokens', async () => {
    expect(await json('auth signing-keys')).toEqual([])
    const first = await json('auth rotate-signing-key')
    const second = await json('auth rotate-signing-key')
    expect(await json('auth signing-keys')).toEqual([first, second])
    expect([first.state, second.state]).toEqual(['active', 'next'])
    const last = await json('auth rotate-signing-key --revoke-old')
    expect(await json('auth signing-keys')).toEqual([last])
  })
})

describe('user invite', () => {
  test('makes an invitation that is shown once, listed, and taken back', async () => {
    const { run, json } = onNewData({ PARALLAMA_REGISTRATION: 'true' })
    const made = await json('user invite --role premium --expires 2d')
    expect(made.code).toMatch(/^pli_[0-9A-Za-z]{59}$/)
    expect(made.expiresAt - made.createdAt).toBeWithin(2 * 86_400_000 - 60_000, 2 * 86_400_000 + 1)
    const { code, ...rest } = made
    expect(await json('user invitations')).toEqual([rest])
    expect((await run('user invitations')).stdout).not.toContain(code)
    const { stdout } = await run('user invite')
    expect(stdout).toMatch(/^Invitation {2}pli_\w{59}\n/)
    expect(stdout).toEndWith('can never be shown again.\n')
    expect((await run(`user uninvite ${made.id}`)).code).toBe(0)
    expect(await json('user invitations')).toHaveLength(1)
    expect(await run(`user uninvite ${made.id}`)).toMatchObject({ code: 1 })
    expect(await run('user invite --expires soon')).toMatchObject({ code: 2 })
  })
})
