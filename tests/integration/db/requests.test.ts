import { expect, test } from 'bun:test'
import { MAX_CLOSED } from '../../../db/queries/close-requests.ts'
import { listRequests } from '../../../db/queries/requests.ts'
import { insertRequests, requestRow } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'

const LARGEST = Number.MAX_SAFE_INTEGER

await describeEachDatabase('the ledger', (openFresh) => {
  test('keeps a row once, however often it is written', async () => {
    const database = await openFresh()
    const rows = [requestRow(), requestRow(), requestRow()]
    await insertRequests(database, rows)
    await insertRequests(database, rows)
    const [first, ...others] = rows
    if (!first) throw new Error('no row')
    const late = requestRow()
    await insertRequests(database, [{ ...first, completion_tokens: 999 }, ...others, late])
    const kept = await listRequests(database.db, 'user-1', { since: 0, limit: 10 })
    expect(kept.toSorted((a, b) => a.id.localeCompare(b.id))).toEqual([...rows, late])
  })

  test('keeps a row once that comes twice at the same time', async () => {
    const database = await openFresh()
    const [row, other] = [requestRow(), requestRow()]
    await insertRequests(database, [row, other, row])
    await Promise.all(Array.from({ length: 8 }, () => insertRequests(database, [other, row])))
    expect(await listRequests(database.db, 'user-1', { since: 0, limit: 10 })).toHaveLength(2)
    const sums = await database.db.selectFrom('usage_hourly').select('requests').execute()
    expect(sums.reduce((sum, { requests }) => sum + requests, 0)).toBe(2 * 2)
  })

  test('gives back every value exactly as it was written', async () => {
    const database = await openFresh()
    const row = requestRow({
      request_id: 'it\'s "quoted" \\ % _ \u{1f999} \u0301\u202e',
      model: null,
      backend: null,
      prompt_tokens: LARGEST,
      completion_tokens: 0,
      estimated: 1,
      queue_ms: 2,
      load_ms: 3,
      total_ms: 4,
      first_token_ms: null,
      error_code: 'upstream_error',
      started_at: LARGEST,
      ended_at: LARGEST,
    })
    await insertRequests(database, [row])
    expect(await listRequests(database.db, 'user-1', { since: 0, limit: 1 })).toEqual([row])
  })

  test('takes as many rows in one statement as it says', async () => {
    const database = await openFresh()
    const rows = Array.from({ length: MAX_CLOSED }, () => requestRow())
    await insertRequests(database, rows)
    expect(await listRequests(database.db, 'user-1', { since: 0, limit: 1000 })).toHaveLength(
      MAX_CLOSED,
    )
  })

  test('lists one user’s rows, the newest first, by time, gateway and model', async () => {
    const database = await openFresh()
    const at = (started_at: number) => ({ started_at, ended_at: started_at + 1 })
    await insertRequests(database, [
      requestRow({ id: 'a', ...at(100) }),
      requestRow({ id: 'c', ...at(300), model: 'qwen3:8b' }),
      requestRow({ id: 'b', ...at(300), gateway: 'openai' }),
      requestRow({ id: 'd', ...at(400), user_id: 'user-2' }),
      requestRow({ id: 'e', ...at(200), model: null }),
    ])
    const ids = async (filter: object): Promise<string> =>
      (await listRequests(database.db, 'user-1', { since: 0, limit: 10, ...filter }))
        .map(({ id }) => id)
        .join('')
    expect(await ids({})).toBe('cbea')
    expect(await ids({ limit: 2 })).toBe('cb')
    expect(await ids({ since: 200 })).toBe('cbe')
    expect(await ids({ since: 201 })).toBe('cb')
    expect(await ids({ gateway: 'openai' })).toBe('b')
    expect(await ids({ model: 'qwen3:8b' })).toBe('c')
    expect(await ids({ model: 'nothing' })).toBe('')
  })

  test('keeps the rows of all who write at the same time', async () => {
    const database = await openFresh()
    const batches = Array.from({ length: 8 }, () => Array.from({ length: 25 }, () => requestRow()))
    await Promise.all(batches.map((rows) => insertRequests(database, rows)))
    expect(await listRequests(database.db, 'user-1', { since: 0, limit: 1000 })).toHaveLength(200)
  })
})
