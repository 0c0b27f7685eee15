import { describe, expect, test } from 'bun:test'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../support/temporary-folder.ts'

const SCRIPT = join(import.meta.dir, '../../.ci/run')
const folder = temporaryFolder()

/** The script from where it adds up to its end, on this output of a runner that ended so. */
async function closingLine(output: string, status: number) {
  const log = join(folder, 'log')
  await Bun.write(log, output)
  const adding = `log=$1 status=$2; eval "$(sed -n '/^total()/,$p' "$3")"`
  const bash = Bun.spawn(['bash', '-uc', adding, 'bash', log, String(status), SCRIPT], {
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr] = await Promise.all([bash.stdout.text(), bash.stderr.text()])
  expect(stderr).toBe('')
  return { code: await bash.exited, last: stdout.trim().split('\n').at(-1) }
}

/** What the runner really prints about these tests. */
async function outputOf(tests: string, variables: Record<string, string> = {}) {
  await Bun.write(join(folder, 'sample.test.ts'), `import { test } from 'bun:test'\n${tests}`)
  const runner = Bun.spawn([process.execPath, 'test', './sample.test.ts'], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', ...variables },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [stdout, stderr] = await Promise.all([runner.stdout.text(), runner.stderr.text()])
  return { output: stdout + stderr, status: await runner.exited }
}

const PASSES = "test('a', () => {})\ntest('b', () => {})\n"
const FAILS = "test('c', () => { throw new Error('no') })\n"
const SKIPS = "test.skip('d', () => {})\n"

describe('.ci/run', () => {
  test('is a bash script that can be executed and parsed', () => {
    accessSync(SCRIPT, constants.X_OK)
    expect(Bun.spawnSync(['bash', '-n', SCRIPT]).exitCode).toBe(0)
  })

  test.each([
    ['tests that pass', PASSES, 0, '2 passed, 0 failed'],
    ['one that is skipped', PASSES + SKIPS, 0, '2 passed, 0 failed, 1 skipped'],
    ['one that fails', PASSES + FAILS, 1, '2 passed, 1 failed'],
    ['nothing else', FAILS, 1, '0 passed, 1 failed'],
  ])('closes with what the runner counted: %s', async (_, tests, code, last) => {
    const { output, status } = await outputOf(tests)
    expect(await closingLine(output, status)).toEqual({ code, last })
  })

  test('reads the count in colour as well', async () => {
    const { output, status } = await outputOf(PASSES, { FORCE_COLOR: '1' })
    expect(output).toContain('\u001b[')
    expect(await closingLine(output, status)).toEqual({ code: 0, last: '2 passed, 0 failed' })
  })

  test('counts a run that ended badly without saying why as a failure', async () => {
    for (const [output, status] of [
      [' 5 pass\n 0 fail\n', 1],
      ['Segmentation fault\n', 139],
    ] as const) {
      const { code, last } = await closingLine(output, status)
      expect(code).not.toBe(0)
      expect(last).toEndWith(' passed, 1 failed')
    }
  })

  test('counts a run in which nothing passed as a failure, whatever the runner says', async () => {
    for (const output of ['', ' 0 pass\n 0 fail\n']) {
      expect(await closingLine(output, 0)).toEqual({ code: 1, last: '0 passed, 1 failed' })
    }
  })

  test('takes the runner’s own count and not one that a test has printed before it', async () => {
    const output = ' 1 pass\n 7 fail\n 3 skip\n\n 9 pass\n 0 fail\n'
    expect((await closingLine(output, 0)).last).toStartWith('9 passed, 0 failed')
  })
})
