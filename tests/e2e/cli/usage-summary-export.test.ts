import { expect, test } from 'bun:test'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { openDatabase } from '../../../db/client.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { runProgram } from '../../support/cli-program.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const dataDir = temporaryFolder()
const folder = temporaryFolder()
const env = { PARALLAMA_DATA_DIR: dataDir }
const run = (...args: string[]) => runProgram(['usage', ...args], { env })
const anna = JSON.parse((await runProgram(['user', 'create', 'anna', '--json'], { env })).stdout)
const store = openDatabase(`sqlite:${dataDir}/parallama.db`)
const rows = Array.from({ length: 2500 }, (_, i) =>
  requestRow({
    user_id: i % 2 ? anna.id : 'gone',
    request_id: '=1+1',
    started_at: Date.now() - 3_600_000 + Math.floor(i / 3),
  }),
)
for (let i = 0; i < rows.length; i += 1000) await insertRequests(store, rows.slice(i, i + 1000))
await store.close()

test('summary sums up a user and everybody', async () => {
  const { code, stdout } = await run('summary', 'anna')
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^Requests +1250$/m)])
  expect(stdout).toMatch(/^llama2:latest +1250 +100\.0 %/m)
  expect(stdout).toMatch(/^\d{4}-\d\d-\d\d +\d+ {2}#+$/m)
  expect(JSON.parse((await run('summary', '--json')).stdout).total.requests).toBe(2500)
})

test('export writes every request once, as CSV without formulas and as JSON', async () => {
  const file = `${folder}/f.csv`
  const line = ['export', 'anna', 'csv', '--output', file, '--gateway', 'ollama']
  expect(await run(...line, '--model', 'llama2')).toEqual({
    code: 0,
    stdout: `1250 requests are in ${file}.\n`,
    stderr: '',
  })
  const lines = readFileSync(file, 'utf8').split('\r\n')
  expect(lines).toHaveLength(1252)
  expect(lines[1]).toContain(",'=1+1,anna,")
  expect(new Set(lines.slice(1, -1).map((text) => text.split(',')[0])).size).toBe(1250)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const again = await run(...line)
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('is there already') })
  expect((await run(...line, '--force')).code).toBe(0)
  expect(readdirSync(folder)).toEqual(['f.csv'])
  const all = JSON.parse((await run('export', '--all', 'json')).stdout)
  expect(new Set(all.map(({ id }: { id: string }) => id)).size).toBe(2500)
  expect((await run('export', 'anna', 'json', '--gateway', 'openai')).stdout).toBe('[]\n')
})

test.each<[string[], number, string]>([
  [['summary', '--from', '2026-02-30'], 2, '--from must be a time that exists, not 2026-02-30'],
  [['summary', '--from', '2026-11-02', '--to', '2026-11-01'], 2, 'ends before it begins'],
  [['list', 'anna', '--days', '3', '--from', '2026-11-02'], 2, "--days can't be given together"],
  [['summary', '--time-zone', 'Mars/Olympus'], 2, '--time-zone must be a time zone such as'],
  [['summary', '--gateway', 'olama'], 2, 'ollama'],
  [['summary', 'nobody'], 1, 'there is no user "nobody"'],
  [['summary', '--model', 'lama2'], 1, 'did you mean llama2:latest?'],
  [['list', 'anna', '--model', 'lama2'], 1, 'did you mean llama2:latest?'],
  [['list', 'anna', '--model', 'gemma3'], 1, 'no request ever asked for a model "gemma3"'],
  [['export', 'anna', 'xml'], 2, 'the format must be json or csv, not "xml"'],
  [['export', 'anna'], 2, 'the format must be json or csv'],
  [['export', 'nobody', 'csv', '--output', `${folder}/x.csv`], 1, 'there is no user "nobody"'],
  [['export', 'anna', 'csv', '--output', '/nowhere/x.csv'], 1, "can't write /nowhere/x.csv"],
  [['export', 'anna', 'csv', '--output', `${folder}/f.csv/x`], 1, 'another file with --output'],
  [['export', 'anna', 'csv', '--output', ''], 2, '--output needs the name of a file'],
  [['report', '--output', ''], 2, '--output needs the name of a file'],
])('%j is refused', async (args, code, sentence) => {
  const refused = await run(...args)
  expect(refused).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(sentence) })
  expect(readdirSync(folder)).toEqual(['f.csv'])
})
