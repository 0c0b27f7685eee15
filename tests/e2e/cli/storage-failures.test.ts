import { describe, expect, test } from 'bun:test'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Ended, PROGRAM, runProgram } from '../../support/cli-program.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const folder = temporaryFolder()
const isRoot = process.getuid?.() === 0

/** Takes from root what lets him write everywhere; others need nothing taken. */
const OBEYING_MODES = isRoot ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search'] : []
/** Gives the command mounts of its own, which end with it. */
const OWN_MOUNTS = ['unshare', ...(isRoot ? [] : ['--map-root-user']), '--mount']

const works = (command: readonly string[]): boolean => {
  const [program] = command
  return program === undefined || (Bun.which(program) !== null && succeeds([...command, 'true']))
}
const succeeds = (command: string[]): boolean =>
  Bun.spawnSync(command, { stderr: 'ignore', stdout: 'ignore' }).exitCode === 0

const canMount =
  works(OWN_MOUNTS) && succeeds([...OWN_MOUNTS, 'mount', '-t', 'tmpfs', 'tmpfs', folder])

const COMMANDS = [
  ['user', 'create', 'bob'],
  ['migrate', 'up'],
  ['serve', '--port', '0'],
]

/** Runs the commands on a data directory in a file system of its own, after `prepare`. */
async function onMount(prepare: string, args: readonly string[]): Promise<Ended> {
  const mount = join(folder, 'mount')
  mkdirSync(mount, { recursive: true })
  const script = `mount=$1; shift; parallama() { "$PROGRAM" "$MAIN" "$@"; }; ${prepare}; exec "$@"`
  const [PROGRAM_FILE = '', MAIN = ''] = PROGRAM
  return await runProgram(args, {
    env: { PARALLAMA_DATA_DIR: join(mount, 'data'), PROGRAM: PROGRAM_FILE, MAIN },
    prefix: [...OWN_MOUNTS, 'sh', '-c', script, 'sh', mount],
  })
}

function onlyLine({ code, stdout, stderr }: Ended): string {
  expect(stderr).toMatch(/^parallama: [^\n]+\n$/)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  return stderr
}

describe.skipIf(!works(OBEYING_MODES))('a data directory without write permission', () => {
  const run = (args: readonly string[], dataDir: string) =>
    runProgram(args, { env: { PARALLAMA_DATA_DIR: dataDir }, prefix: OBEYING_MODES })

  test('is named in one line, with what to check, when the database is there', async () => {
    const dataDir = join(folder, 'locked')
    expect((await run(['user', 'create', 'anna'], dataDir)).code).toBe(0)
    chmodSync(join(dataDir, 'parallama.db'), 0o400)
    chmodSync(dataDir, 0o500)
    for (const args of COMMANDS) {
      const line = onlyLine(await run(args, dataDir))
      expect(line).toContain(dataDir)
      expect(line).toMatch(/owner and mode/)
    }
    chmodSync(dataDir, 0o700)
  })

  test('is named in one line, with what to check, when it is empty or not there yet', async () => {
    const parent = join(folder, 'parent')
    mkdirSync(parent, { mode: 0o500 })
    for (const dataDir of [parent, join(parent, 'child')]) {
      for (const args of COMMANDS) {
        const line = onlyLine(await run(args, dataDir))
        expect(line).toContain(parent)
        expect(line).toMatch(/owner|permission|may be written/)
        expect(line).not.toContain('running')
      }
    }
  })
})

describe.skipIf(!canMount)('a data directory on a read-only file system', () => {
  const prepare = (first: string) =>
    `mount -t tmpfs tmpfs "$mount"; ${first}; mount -o remount,bind,ro "$mount"`

  test('is named in one line, whether there is a database or not', async () => {
    for (const first of ['true', 'parallama user create anna >/dev/null']) {
      for (const args of COMMANDS) {
        const line = onlyLine(await onMount(prepare(first), args))
        expect(line).toContain(join(folder, 'mount/data'))
        expect(line).toMatch(/EROFS|read-only|owner|may be written/)
        expect(line).not.toContain('running')
      }
    }
  })
})

describe.skipIf(!canMount)('a full disk', () => {
  test('is named in one line, wherever the space ends', async () => {
    for (const kib of [4, 32, 64, 128, 160]) {
      for (const args of COMMANDS.slice(0, 2)) {
        const ended = await onMount(`mount -t tmpfs -o size=${kib}k tmpfs "$mount"`, args)
        expect([kib, ended.code, ended.stdout]).toEqual([kib, 1, ''])
        const line = onlyLine(ended)
        expect(line).toMatch(/full/)
        expect(line).toContain(join(folder, 'mount/data'))
      }
    }
  })

  test('is named in one line when there is no room for the master secret', async () => {
    const fill = 'head -c 2m /dev/zero >"$mount/rest" 2>/dev/null'
    const prepare = `mount -t tmpfs -o size=1m tmpfs "$mount"; parallama migrate up >/dev/null; ${fill}`
    const line = onlyLine(await onMount(prepare, ['serve', '--port', '0']))
    expect(line).toMatch(/full|free space/)
    expect(line).toContain(join(folder, 'mount/data/secret'))
  })

  test('loses nothing that was there, and the next attempt after making room succeeds', async () => {
    const script = [
      'mount -t tmpfs -o size=1m tmpfs "$mount"',
      'parallama user create anna >/dev/null',
      'head -c 2m /dev/zero >"$mount/rest" 2>/dev/null',
      'for i in 1 2 3 4 5 6; do parallama user create "full$i" >/dev/null 2>&1; done',
      'rm "$mount/rest"',
      'parallama user create bob >/dev/null',
    ].join('; ')
    const { code, stdout, stderr } = await onMount(script, ['user', 'list', '--json'])
    expect([code, stderr]).toEqual([0, ''])
    const names = JSON.parse(stdout).map(({ username }: { username: string }) => username)
    expect(names).toEqual(expect.arrayContaining(['anna', 'bob']))
  })
})

describe('output that can’t be written', () => {
  test('is a failure, and a reader that has gone is none', async () => {
    const env = { PARALLAMA_DATA_DIR: join(folder, 'output') }
    const shell = ['sh', '-c', 'exec "$@" >/dev/full', 'sh']
    const full = await runProgram(['user', 'list', '--json'], { env, prefix: shell })
    expect(full.code).toBe(1)
    expect(full.stderr).toMatch(/^parallama: cannot write the output: [^\n]+\n$/)
    const gone = ['sh', '-c', '"$@" | true', 'sh']
    const { code, stderr } = await runProgram(['role', 'list', '--json'], { env, prefix: gone })
    expect([code, stderr]).toEqual([0, ''])
  })
})
