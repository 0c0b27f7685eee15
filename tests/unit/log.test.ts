import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { describeError, silentLog } from '../../app/log.ts'

const LOG = join(import.meta.dir, '../../app/log.ts')

/** What a process that logs this way writes to standard error. */
async function logged(level: string, statements: string, end = 'process.exit()'): Promise<string> {
  const script = `import { createLog } from ${JSON.stringify(LOG)}
    const log = createLog(${JSON.stringify(level)})
    ${statements}
    ${end}`
  const child = Bun.spawn([process.execPath, '-e', script], { stderr: 'pipe', stdout: 'pipe' })
  const [stderr, stdout] = await Promise.all([child.stderr.text(), child.stdout.text()])
  expect(stdout).toBe('')
  return stderr
}

const HOSTILE = 'x\r\n{"level":"error"}\u001b[2J\u0000\u2028\u202e\ud800'

test('a warning and what was told before it are written before the process can die', async () => {
  const die = "process.kill(process.pid, 'SIGKILL')"
  const output = await logged('info', "log.info({}, 'one'); log.warn({}, 'two')", die)
  expect(output.match(/"msg":"(one|two)"/g)).toHaveLength(2)
})

test('each entry is one line of JSON, whatever is in it', async () => {
  const text = JSON.stringify(HOSTILE)
  const output = await logged(
    'info',
    `log.info({ path: ${text}, [${text}]: ${text} }, 'one')
     log.warn({ err: new Error(${text}) }, 'two')
     log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'three')
     log.debug({}, 'not at this level')
     log.info({ long: 'x'.repeat(100_000) }, 'four')`,
  )
  expect(output).toEndWith('\n')
  const lines = output.slice(0, -1).split('\n')
  const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(entries.map(({ msg }) => msg)).toEqual(['one', 'two', 'three', 'four'])
  expect(entries.map(({ level }) => level)).toEqual(['info', 'warn', 'error', 'info'])
  const controls = [...output].filter((char) => char < ' ' && char !== '\n')
  expect(controls).toEqual([])
  expect(String(entries[0]?.path).toWellFormed()).toBe(HOSTILE.toWellFormed())
  expect(entries[2]).toHaveProperty('err', 'Error: outer <- Error: inner')
  for (const { time } of entries) expect(String(time)).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
})

test('the values of secret fields are not written', async () => {
  const fields = ['authorization', 'cookie', 'password', 'key', 'token', 'secret']
  const flat = Object.fromEntries(fields.map((field) => [field, `hunter-${field}`]))
  const output = await logged(
    'debug',
    `log.info(${JSON.stringify(flat)}, 'flat')
     log.debug(${JSON.stringify(flat)}, 'flat, too')`,
  )
  expect(output).not.toContain('hunter')
  expect(output.match(/\[secret\]/g)).toHaveLength(2 * fields.length)
})

test('nothing is written at the level silent', async () => {
  expect(await logged('silent', "log.error({}, 'no'); log.debug({}, 'no')")).toBe('')
  for (const write of Object.values(silentLog)) expect(write({}, 'no')).toBeUndefined()
})

test('an error is logged with its causes but without stacks, and never without end', () => {
  const loop = new Error('loop')
  loop.cause = loop
  const cases: readonly [unknown, string][] = [
    [new TypeError('x', { cause: 'y' }), 'TypeError: x <- y'],
    ['text', 'text'],
    [null, 'null'],
    [{ a: 1 }, '[object Object]'],
    [loop, Array(5).fill('Error: loop').join(' <- ')],
  ]
  for (const [err, text] of cases) expect(describeError(err)).toBe(text)
  expect(describeError(new Error('x'.repeat(9999)))).toHaveLength(512)
})
