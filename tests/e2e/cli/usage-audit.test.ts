import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { openDatabase } from '../../../db/client.ts'
import { createRequestIds } from '../../../db/ids.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { cliLines } from '../../support/cli-lines.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const dataDir = temporaryFolder()
const { run, says, json } = cliLines({ PARALLAMA_DATA_DIR: dataDir })
const newId = createRequestIds('0123456789ab')
const HOUR_AGO = Date.now() - 3_600_000
const row = () =>
  requestRow({ id: newId(HOUR_AGO), started_at: HOUR_AGO, ended_at: HOUR_AGO + 250 })

describe('usage audit', () => {
  test('says that the ledger balances, and names what does not', async () => {
    await says('migrate up')
    const store = openDatabase(`sqlite:${dataDir}/parallama.db`)
    await insertRequests(store, [row(), row()])
    expect(await says('usage audit')).toStartWith('The ledger balances.\n2 requests in 1 hours')
    expect(await json('usage audit --days 2')).toMatchObject({ rows: 2, found: 0, findings: [] })

    const odd = row()
    await store.db.insertInto('requests').values(odd).execute()
    await store.close()
    const { code, stdout, stderr } = await run('usage audit')
    expect(code).toBe(1)
    expect(stdout).toContain('the rows have 3 requests, the sums 2')
    expect(stderr).toContain('the ledger does not balance: 2 findings')
  })

  test('refuses ranges and metrics that are none', async () => {
    expect((await run('usage audit --from 2026-02-30')).code).toBe(2)
    expect((await run('usage audit --from 2026-02-02 --to 2026-02-01')).code).toBe(2)
    expect((await run('usage audit --time-zone Europe/Nowhere')).code).toBe(2)
    writeFileSync(`${dataDir}/empty.txt`, '')
    const wrong = await run(`usage audit --metrics ${dataDir}/empty.txt`)
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      expect.stringContaining('holds no metrics of a Parallama server'),
    ])
    expect((await run(`usage audit --metrics ${dataDir}/nothing`)).code).toBe(1)
  })
})
