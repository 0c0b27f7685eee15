import { describe, expect, test } from 'bun:test'
import { openDatabase } from '../../../db/client.ts'
import { MIGRATIONS } from '../../../db/migrations/index.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { PROGRAM, runProgram } from '../../support/cli-program.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const COLUMNS = 80
const PASSWORD = 'violet-harbour-9-teapots'

const dataDir = temporaryFolder()
const otherDir = temporaryFolder()
const env = { PARALLAMA_DATA_DIR: dataDir }

/** A question on the screen, and what is typed when it appears. */
type Dialogue = readonly (readonly [question: string, typed: string])[]

/** Runs the program on a terminal of 80 columns; `screen` is all that was shown there. */
async function onTerminal(args: readonly string[], dialogue: Dialogue = []) {
  const pending = [...dialogue]
  const decoder = new TextDecoder()
  let screen = ''
  let unanswered = ''
  const child = Bun.spawn([...PROGRAM, ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', TERM: 'xterm', ...env },
    terminal: {
      cols: COLUMNS,
      rows: 24,
      data(terminal, bytes) {
        const text = decoder.decode(bytes, { stream: true })
        screen += text
        unanswered += text
        const [question, typed] = pending[0] ?? []
        if (question === undefined || !unanswered.includes(question)) return
        pending.shift()
        unanswered = ''
        terminal.write(typed ?? '')
      },
    },
  })
  const code = await child.exited
  child.terminal?.close()
  return { code, screen, unasked: pending.length }
}

const anna = JSON.parse((await runProgram(['user', 'create', 'anna', '--json'], { env })).stdout)

describe('on a terminal', () => {
  test('user delete asks, and anything but yes deletes nothing', async () => {
    const ask = 'keys? [y/N] '
    for (const answer of ['\r', 'n\r', 'yep\r', '\u0004']) {
      const refused = await onTerminal(['user', 'delete', 'anna'], [[ask, answer]])
      expect([answer, refused.code, refused.unasked]).toEqual([answer, 1, 0])
      expect(refused.screen).toContain('nothing was deleted')
    }
    expect(await onTerminal(['user', 'delete', 'anna'], [[ask, '\u0003']])).toMatchObject({
      code: 130,
    })
    expect((await runProgram(['user', 'info', 'anna'], { env })).code).toBe(0)
    await runProgram(['user', 'create', 'bob'], { env })
    const agreed = await onTerminal(['user', 'delete', 'bob'], [[ask, 'y\r']])
    expect(agreed.code).toBe(0)
    expect((await runProgram(['user', 'info', 'bob'], { env })).code).toBe(1)
  })

  test('user password asks twice, until both are the same, and shows nothing of it', async () => {
    const { code, screen, unasked } = await onTerminal(
      ['user', 'password', 'anna'],
      [
        ['New password for anna', `${PASSWORD}\r`],
        ['(again): ', 'something else\r'],
        ['New password for anna', `${PASSWORD}\r`],
        ['(again): ', `${PASSWORD}\r`],
      ],
    )
    expect([code, unasked]).toEqual([0, 0])
    expect(screen).toContain('The two are not the same')
    expect(screen).toContain('The password of anna is set.')
    expect(screen).not.toContain('teapots')
    expect(screen).not.toContain('something')
  })

  test('migrate down says what would be lost, asks, and says that nothing was changed', async () => {
    const ask = 'lose what it added? [y/N] '
    const refused = await onTerminal(['migrate', 'down'], [[ask, 'n\r']])
    expect(refused).toMatchObject({ code: 1, unasked: 0 })
    expect((await runProgram(['user', 'info', 'anna'], { env })).code).toBe(0)
  })

  test('migrate down asks more loudly before the first migration goes, which held everything', async () => {
    const migrate = (...args: string[]) => ['migrate', ...args, '--data-dir', otherDir]
    await runProgram(migrate('up'))
    for (const _ of Object.keys(MIGRATIONS).slice(1)) await runProgram(migrate('down', '--yes'))
    const ask = 'lose ALL users, keys, roles and usage? [y/N] '
    const refused = await onTerminal(migrate('down'), [[ask, 'n\r']])
    expect(refused).toMatchObject({ code: 1, unasked: 0 })
    expect((await runProgram(migrate('up'))).stdout).not.toContain('0001-initial')
  })

  test('limits have a bar as long as there is room, and their lines fit the width', async () => {
    const set = (line: string) => runProgram(['ratelimit', 'set', ...line.split(' ')], { env })
    await set('anna ollama --token-daily 3000 --request-hourly 60')
    const now = Date.now()
    const store = openDatabase(`sqlite:${dataDir}/parallama.db`)
    await store.db
      .insertInto('limit_buckets')
      .values({
        holder: `user:${anna.id}`,
        bucket: 'all ollama * tokens day',
        debt: 2000 * 864_000,
        tick: Math.floor(now / 100) + 36_000,
        held: 0,
        refusals: 0,
        updated_at: now,
      })
      .execute()
    await store.close()
    const { screen } = await onTerminal(['ratelimit', 'get', 'anna'])
    expect(screen).toMatch(/^ollama +60 requests\/hour +░{12} {3}0 % +60 +- +own\r$/m)
    expect(screen).toMatch(/^ollama +3000 tokens\/day +█{8}░{4} {2}67 % +1000 +in 1\d h +own\r$/m)
    await set(
      'anthropic --role basic --shadow --model registry.example.org/a/long-one:70b --compute-daily 99999',
    )
    const { screen: full } = await onTerminal(['ratelimit', 'get', 'anna'])
    expect(full).toContain(' 67 % ')
    expect(
      Math.max(...full.split('\r\n').map((line) => Bun.stringWidth(line))),
    ).toBeLessThanOrEqual(COLUMNS)
    expect(full).toContain('99999 s compute/day')
    expect((await runProgram(['ratelimit', 'get', 'anna'], { env })).stdout).not.toContain('█')
  })

  test('every list fits the width, its lines and what people need of them', async () => {
    const store = openDatabase(`sqlite:${dataDir}/parallama.db`)
    const long = { model: 'registry.example.org/team/model-with-a-long-name:70b-q4_K_M' }
    await insertRequests(store, [requestRow({ user_id: anna.id, ...long })])
    await store.close()
    const description = 'the laptop at home: '.repeat(9)
    await runProgram(['key', 'generate', 'anna', '--description', description], { env })
    for (const list of [
      ['usage', 'list', 'anna'],
      ['key', 'list'],
      ['user', 'list'],
    ]) {
      const { screen } = await onTerminal(list)
      const widest = Math.max(...screen.split('\r\n').map((line) => Bun.stringWidth(line)))
      expect([list.join(' '), widest <= COLUMNS ? 'fits' : widest]).toEqual([
        list.join(' '),
        'fits',
      ])
    }
    const piped = await runProgram(['usage', 'list', 'anna'], { env })
    expect(piped.stdout).toContain(long.model)
  })
})
