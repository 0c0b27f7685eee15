import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { runProgram } from '../../support/cli-program.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const folder = temporaryFolder()
const env = { PARALLAMA_DATA_DIR: join(folder, 'data') }

/** Runs several lines at once; each with its exit code, first line of complaint and output. */
const complaintsOf = (lines: readonly string[]): Promise<[string, number, string, string][]> =>
  Promise.all(
    lines.map(async (line): Promise<[string, number, string, string]> => {
      const { code, stderr, stdout } = await runProgram(line.split(' '), { env })
      return [line, code, stderr.split('\n')[0] ?? '', stdout]
    }),
  )

describe('a wrong command line', () => {
  test('ends with 2, names the nearest flag or command, and does nothing', async () => {
    const meant: Record<string, string> = {
      'user create anna --rol premium': 'unknown flag --rol; did you mean --role?',
      'serve --prot 1234': 'unknown flag --prot; did you mean --port?',
      'key generate anna --desc x': 'unknown flag --desc; did you mean --description?',
      'usage list anna --gatway ollama': 'unknown flag --gatway; did you mean --gateway?',
      'migrate up --jsn': 'unknown flag --jsn; did you mean --json?',
      'user crate anna': 'unknown command "user crate"; did you mean "user create"?',
      'usr list': 'unknown command "usr"; did you mean "user"?',
    }
    for (const [line, code, complaint, stdout] of await complaintsOf(Object.keys(meant))) {
      expect([line, code, complaint, stdout]).toEqual([line, 2, `parallama: ${meant[line]}`, ''])
    }
    expect(await Bun.file(join(folder, 'data/parallama.db')).exists()).toBe(false)
  })

  test('ends with 2 when something is missing, too much, given twice or no such value', async () => {
    const complaints: Record<string, RegExp> = {
      'user create': /missing <name>/,
      'role grant anna': /missing <role>/,
      'role update basic': /nothing to change; give one of/,
      'user create anna bob': /unexpected argument "bob"/,
      'user create anna --role': /--role needs a value/,
      'user update anna --disable --disable': /more than once/,
      'user update anna --disable --enable': /exclude each other/,
      'user update anna': /nothing to change/,
      'usage list anna --days 0': /--days must be a whole number from 1 to 3650, not "0"/,
      'usage list anna --gateway olama': /did you mean ollama\?/,
      'key generate anna --expires soon': /--expires must be a time such as/,
    }
    for (const [line, code, complaint, stdout] of await complaintsOf(Object.keys(complaints))) {
      expect([line, code, stdout]).toEqual([line, 2, ''])
      expect(complaint).toMatch(complaints[line] ?? /./)
    }
  })

  test('ends with 1 when it is right and its work fails', async () => {
    const lines = ['user info nobody', 'key revoke nothing', 'role info nothing', 'user create É']
    for (const [line, code, complaint] of await complaintsOf(lines)) {
      expect([line, code]).toEqual([line, 1])
      expect(complaint).toStartWith('parallama: ')
    }
  })
})

describe('help', () => {
  test('is on standard output with 0 when asked for, on standard error with 2 when not', async () => {
    const [asked, unasked, version] = await Promise.all([
      runProgram(['user', 'create', '--help'], { env }),
      runProgram(['user'], { env }),
      runProgram(['--version'], { env }),
    ])
    expect(asked).toMatchObject({ code: 0, stderr: '' })
    expect(asked.stdout).toContain('Usage: parallama user create <name> [options]')
    expect(unasked).toMatchObject({ code: 2, stdout: '' })
    expect(unasked.stderr).toContain('Usage: parallama user <command>')
    expect(version).toMatchObject({ code: 0, stderr: '' })
    expect(version.stdout).toMatch(/^parallama \d+\.\d+\.\d+\n$/)
  })
})

describe('a wrong configuration', () => {
  test('is told whole: each key, its value’s problem and the nearest name', async () => {
    const file = join(folder, 'config.yaml')
    await Bun.write(file, 'prot: 1\nhost: 7\nmax_body_bytes: lots\nollama_urls: [ftp://x]\n')
    const { code, stdout, stderr } = await runProgram(['serve', '--config', file], {
      env: {
        ...env,
        PARALLAMA_PORT: 'abc',
        PARALLAMA_LOG_LEVL: 'info',
        PARALLAMA_SECRET: 'too short',
        PARALLAMA_DATABASE_URL: 'mysql://user:hunter2@host/x',
      },
    })
    expect([code, stdout]).toEqual([1, ''])
    const [title, ...mistakes] = stderr.trim().split('\n')
    expect(title).toBe('parallama: 8 mistakes in the configuration:')
    expect(mistakes).toHaveLength(8)
    for (const part of [
      `prot: unknown key in ${file}; the nearest known key is port`,
      `host: 7 must be text (from ${file})`,
      `max_body_bytes: "lots" must be a whole number`,
      `ollama_urls: ["ftp://x"] must look like http://host:port`,
      'port: "abc" must be a whole number from 0 to 65535 (from PARALLAMA_PORT)',
      'PARALLAMA_LOG_LEVL: unknown environment variable; did you mean PARALLAMA_LOG_LEVEL?',
      'secret: must have at least 32 characters (from PARALLAMA_SECRET)',
      'database_url: must begin with sqlite: or postgres:// (from PARALLAMA_DATABASE_URL)',
    ]) {
      expect(stderr).toContain(part)
    }
    expect(stderr).not.toMatch(/hunter2|too short/)
  })

  test('in a file that is missing or no YAML is one line that names it', async () => {
    const broken = join(folder, 'broken.yaml')
    await Bun.write(broken, 'port: [1\nhost: "x\n')
    const missing = join(folder, 'missing.yaml')
    for (const file of [broken, missing]) {
      const { code, stderr } = await runProgram(['user', 'list', '--config', file], { env })
      expect(code).toBe(1)
      expect(stderr).toStartWith(`parallama: configuration: ${file}: can't be read`)
      expect(stderr.trim().split('\n')).toHaveLength(1)
    }
  })
})
