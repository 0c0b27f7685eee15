import { MEASURES, ROLLUP_KEY } from '../../../app/domain/rollup.ts'
import { foldRows } from '../../../app/usage/row.ts'
import type { Db } from '../../../db/client.ts'
import type { RequestsTable, UsageHourlyTable } from '../../../db/schema.ts'
import type { RecordedRequest } from '../../support/fake-ollama/recorder.ts'
import type { FakeOllama } from '../../support/fake-ollama.ts'

/** How far the ledger is from what clients have seen and hosts have done: all empty when it balances. */
export interface Imbalance {
  /** Requests that a client has seen to their end, or a host has worked on, without a row. */
  readonly lost: readonly string[]
  /** Those with more than one row. */
  readonly doubled: readonly string[]
  /** Those whose tokens are not what the host has counted. */
  readonly wrong: readonly string[]
  /** Hours whose sums are not those of their rows. */
  readonly unfolded: readonly string[]
}

/**
 * Compares the ledger with the ids of finished requests and with what the host says. Every request has to
 * carry its id as the last word of its prompt.
 */
export async function imbalance(
  db: Db,
  ollama: FakeOllama,
  finished: ReadonlySet<string>,
): Promise<Imbalance> {
  const rows = await db.selectFrom('requests').selectAll().execute()
  const byRequest = Map.groupBy(rows, (row) => row.request_id)
  const told = new Map(
    ollama.ledger
      .filter(({ request }) => request.path === '/api/chat')
      .map((entry) => [idOf(entry.request), entry] as const),
  )
  const wrong = [...finished].filter((id) => {
    const [row, entry] = [byRequest.get(id)?.[0], told.get(id)]
    const isEqual =
      row?.prompt_tokens === entry?.promptEvalCount && row?.completion_tokens === entry?.evalCount
    return row !== undefined && (!isEqual || row.outcome !== 'completed' || row.estimated !== 0)
  })
  return {
    lost: [...new Set([...finished, ...told.keys()])].filter((id) => !byRequest.has(id)),
    doubled: [...byRequest].filter(([, { length }]) => length > 1).map(([id]) => id),
    wrong,
    unfolded: await unfolded(db, rows),
  }
}

export const BALANCED: Imbalance = { lost: [], doubled: [], wrong: [], unfolded: [] }

const idOf = (request: RecordedRequest): string => {
  const [message] = (request.json() as { messages: { content: string }[] }).messages
  return message?.content.split(' ').at(-1) ?? ''
}

async function unfolded(db: Db, rows: readonly RequestsTable[]): Promise<string[]> {
  const stored = await db.selectFrom('usage_hourly').selectAll().execute()
  const text = (row: UsageHourlyTable): string =>
    [...ROLLUP_KEY, ...MEASURES].map((column) => `${row[column]}`).join(' ')
  const expected = new Set(foldRows(rows).map(text))
  return stored
    .map(text)
    .filter((line) => !expected.delete(line))
    .concat(...expected)
}
