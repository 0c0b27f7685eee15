import { beforeEach, expect, test } from 'bun:test'
import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import type { RequestsTable } from '../../../db/schema.ts'
import { insertRequests, requestRow, TESTER, testAdmin } from '../../support/builders.ts'
import { PROGRAM, runProgram } from '../../support/cli-program.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { onTerminal } from '../../support/terminal.ts'

const MINUTE_MS = 60_000
const PAGE_ROWS = 1000
const MANY_PAGES = 25
const INTERRUPTED = 130
const TERMINATED = 143
const THERE = 'what was there before'

const dataDir = temporaryFolder()

/** Requests of the last hour, one a millisecond, with what the test wants different. */
async function use(
  database: TestDatabase,
  pages: number,
  changes: (i: number) => Partial<RequestsTable> = () => ({}),
): Promise<void> {
  const from = Date.now() - 60 * MINUTE_MS
  for (let page = 0; page < pages; page++) {
    const rows = Array.from({ length: PAGE_ROWS }, (_, i) =>
      requestRow({ started_at: from + page * PAGE_ROWS + i, ...changes(i) }),
    )
    await insertRequests(database, rows)
  }
}

await describeEachDatabase('a file of usage', (openFresh) => {
  const folder = temporaryFolder()
  const file = `${folder}/usage.csv`
  const envOf = ({ url }: TestDatabase) => ({
    PATH: process.env.PATH ?? '',
    PARALLAMA_DATA_DIR: dataDir,
    PARALLAMA_DATABASE_URL: url,
  })
  const run = (database: TestDatabase, ...args: string[]) =>
    runProgram(['usage', ...args], { env: envOf(database) })
  const start = (database: TestDatabase, ...args: string[]) =>
    onTerminal([...PROGRAM, 'usage', ...args], { env: envOf(database) })

  beforeEach(() => {
    for (const name of readdirSync(folder)) rmSync(`${folder}/${name}`)
  })

  test('has every request of a user and of everybody once, the oldest first', async () => {
    const database = await openFresh()
    const anna = await testAdmin(database.db).users.create(TESTER, { username: 'anna' })
    await use(database, 3, (i) => (i % 2 === 0 ? { user_id: anna.id, model: 'qwen3:8b' } : {}))
    expect(await run(database, 'export', 'anna', 'csv', '--model', 'qwen3:8b')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^id,requestId,username,(?:[^\n]*\n){1501}$/),
    })
    const saved = await run(database, 'export', '--all', 'json', '--output', file, '--json')
    expect(JSON.parse(saved.stdout)).toEqual({ file, format: 'json', requests: 3 * PAGE_ROWS })
    const all: { id: string; startedAt: number }[] = JSON.parse(readFileSync(file, 'utf8'))
    expect(new Set(all.map(({ id }) => id)).size).toBe(3 * PAGE_ROWS)
    expect(all).toEqual(all.toSorted((a, b) => a.startedAt - b.startedAt))
  })

  test('is made before the eyes of who waits, and replaced when they say so', async () => {
    const database = await openFresh()
    await use(database, 2)
    writeFileSync(file, THERE)
    const line = ['export', '--all', 'csv', '--output', file]
    const question = /usage\.csv is there already\. Replace it\? \[y\/N\] /
    await using refused = start(database, ...line)
    await refused.waitFor(question)
    refused.type('n\r')
    expect([await refused.exited, readFileSync(file, 'utf8')]).toEqual([1, THERE])
    expect(refused.screen()).toContain('nothing was written')
    await using agreed = start(database, ...line)
    await agreed.waitFor(question)
    agreed.type('y\r')
    expect(await agreed.exited).toBe(0)
    expect(agreed.screen()).toMatch(
      /\r250 requests\r500 requests\r(?:\d+ requests\r)+2000 requests\r\n2000 requests are in \S+\.\r\n$/,
    )
    expect(readFileSync(file, 'utf8').split('\r\n')).toHaveLength(2002)
    await using forced = start(database, ...line, '--force')
    expect(await forced.exited).toBe(0)
    expect(forced.screen()).not.toContain('[y/N]')
  })

  test('that is a report is replaced in the same way', async () => {
    const database = await openFresh()
    await use(database, 1)
    writeFileSync(file, THERE)
    const line = ['report', '--format', 'csv', '--output', file]
    await using refused = start(database, ...line)
    await refused.waitFor(/Replace it\? \[y\/N\] /)
    refused.type('\r')
    expect([await refused.exited, readFileSync(file, 'utf8')]).toEqual([1, THERE])
    await using agreed = start(database, ...line)
    await agreed.waitFor(/Replace it\? \[y\/N\] /)
    agreed.type('yes\r')
    expect(await agreed.exited).toBe(0)
    expect(readFileSync(file, 'utf8')).toStartWith('kind,name,')
    expect(readdirSync(folder)).toEqual(['usage.csv'])
  })

  test('that is interrupted leaves nothing, and what was there before as it was', async () => {
    const database = await openFresh()
    await use(database, MANY_PAGES)
    await using interrupted = start(database, 'export', '--all', 'json', '--output', file)
    await interrupted.waitFor(/\d requests/)
    interrupted.pressCtrlC()
    expect([await interrupted.exited, readdirSync(folder)]).toEqual([INTERRUPTED, []])
    writeFileSync(file, THERE)
    await using stopped = start(database, 'export', '--all', 'csv', '--output', file, '--force')
    await stopped.waitFor(/\d requests/)
    expect(readdirSync(folder).sort()).toEqual(['usage.csv', expect.stringMatching(/\.part$/)])
    stopped.kill('SIGTERM')
    expect([await stopped.exited, readdirSync(folder)]).toEqual([TERMINATED, ['usage.csv']])
    expect(readFileSync(file, 'utf8')).toBe(THERE)
  })

  test('takes the place of what a link leads to, and of nothing that is no file', async () => {
    const database = await openFresh()
    await use(database, 1)
    const link = `${folder}/link.csv`
    writeFileSync(file, THERE)
    symlinkSync(file, link)
    expect((await run(database, 'report', '--output', link, '--force')).code).toBe(0)
    expect(readFileSync(file, 'utf8')).toStartWith('Usage, ')
    const pipe = `${folder}/pipe`
    Bun.spawnSync(['mkfifo', pipe])
    for (const place of [pipe, folder]) {
      const { code, stderr } = await run(
        database,
        'export',
        '--all',
        'csv',
        '--output',
        place,
        '--force',
      )
      expect([code, stderr]).toEqual([1, expect.stringContaining(`${place} is no file`)])
    }
  })
})
