import { beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { openDatabase } from '../../../db/client.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { cliLines } from '../../support/cli-lines.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const HOUR_MS = 3_600_000
const OCTOBER = Date.parse('2025-10-01T00:00:00Z')

const dataDir = temporaryFolder()
const PRICES = '{watts: 400, price_per_kwh: 0.25, currency: EUR}'
const { run, says, json } = cliLines({
  PARALLAMA_DATA_DIR: dataDir,
  PARALLAMA_OLLAMA_URLS: 'http://127.0.0.1:9',
})

beforeAll(async () => {
  const anna = await json('user create anna')
  const store = openDatabase(`sqlite:${dataDir}/parallama.db`)
  const row = (hours: number, changes = {}) =>
    requestRow({ user_id: anna.id, started_at: OCTOBER + hours * HOUR_MS, ...changes })
  const recent = Array.from({ length: 120 }, (_, i) =>
    requestRow({ user_id: anna.id, started_at: Date.now() - i * HOUR_MS, load_ms: 20_000 }),
  )
  await insertRequests(store, [
    row(1, { compute_ms: HOUR_MS }),
    row(2, { compute_ms: HOUR_MS, gateway: 'openai', model: '=cmd|x,y:latest' }),
    row(24 * 31, { compute_ms: HOUR_MS }),
    ...recent,
  ])
  await store.close()
})

describe('usage report', () => {
  test('is a table of users, roles and models of a month', async () => {
    const text = await says('usage report --month 2025-10')
    expect(text).toStartWith('Usage, October 2025 (UTC)\n')
    expect(text).toMatch(/^anna +2 +24 +68 +2\.000 /m)
    expect(text).toMatch(/^basic +2 +24 +68 +2\.000 /m)
    expect(text).toMatch(/^llama2:latest +1 /m)
    expect(text).not.toContain('KWH')
  })

  test('tells current and costs once the configuration says what they are', async () => {
    const report = await json('usage report --month 2025-10', { PARALLAMA_USAGE: PRICES })
    expect(report).toMatchObject({ currency: 'EUR', total: { gpuHours: 2, kwh: 0.8, cost: 0.2 } })
  })

  test("takes the predecessor's line", async () => {
    const line =
      'usage report --start-date 2025-10-01 --end-date 2025-10-31 --gateway openai --format json'
    const report = JSON.parse(await says(line))
    expect(report).toMatchObject({ gateway: 'openai', total: { requests: 1 } })
  })

  test('is a sheet in which no name is a formula', async () => {
    const text = await says('usage report --month 2025-10 --format csv', {
      PARALLAMA_USAGE: PRICES,
    })
    expect(text.split('\r\n')).toEqual([
      'kind,name,roles,requests,prompt_tokens,completion_tokens,gpu_hours,cold_loads,cold_load_minutes,queue_minutes,kwh,cost,currency',
      'user,anna,basic,2,24,68,2.000,0,0.0,0.0,0.800,0.20,EUR',
      'role,basic,,2,24,68,2.000,0,0.0,0.0,0.800,0.20,EUR',
      `model,"'=cmd|x,y:latest",,1,12,34,1.000,0,0.0,0.0,0.400,0.10,EUR`,
      'model,llama2:latest,,1,12,34,1.000,0,0.0,0.0,0.400,0.10,EUR',
      'total,,,2,24,68,2.000,0,0.0,0.0,0.800,0.20,EUR',
      '',
    ])
  })

  test('goes into a file that is there only when it is told to', async () => {
    const file = join(dataDir, 'october.html')
    const line = `usage report --month 2025-10 --format html --output ${file}`
    expect(await says(line)).toBe(`The report is in ${file}.\n`)
    const page = await Bun.file(file).text()
    expect(page).toStartWith('<!doctype html>')
    expect(page).not.toMatch(/<script|<link|<img|https?:/)
    expect(await run(line)).toEqual({
      code: 1,
      stdout: '',
      stderr: `parallama: ${file} is there already\n--force replaces it.\n`,
    })
    expect(await says(`${line} --force`)).toContain(file)
  })

  test.each([
    ['--month october', '--month must be a month such as 2026-11'],
    ['--start-date yesterday', '--start-date must be a date such as'],
    ['--end-date 2025-10-01T10:50', '--end-date must be a whole hour of UTC, such as'],
    ['--time-zone Mars', '--time-zone must be a time zone'],
    ['--format csv --json', "--format csv can't be given together with --json"],
    ['--force', '--force needs --output'],
  ])('is none for %s', async (flags, words) => {
    const { code, stdout, stderr } = await run(`usage report ${flags}`)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(words)
  })
})

describe('usage advise', () => {
  test('says what would help, and why', async () => {
    const text = await says('usage advise')
    expect(text).toMatch(
      /^llama2:latest: keep it loaded \(keep_alive -1\)\n {2}24 loads took 8 min a day/m,
    )
    const { requests, tooLittle, recommendations } = await json('usage advise --days 10')
    expect([requests, tooLittle]).toEqual([120, null])
    expect(recommendations.map(({ kind }: { kind: string }) => kind)).toEqual([
      'pin',
      'slots',
      'context',
    ])
  })

  test('says when there is too little to go by', async () => {
    expect(await says('usage advise --days 1')).toContain('it takes 3 days and 100 requests')
  })
})
