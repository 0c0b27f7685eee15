import { afterAll, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { RequestsTable } from '../../../db/schema.ts'
import type { LedgerEntry } from '../../support/fake-ollama/ledger.ts'
import type { TestUser } from '../../support/gateway/people.ts'
import { MODEL, setStage } from '../../support/gateway/stage.ts'
import {
  APIS,
  type Conversation,
  conversation,
  MARK,
  promptTokensOf,
  scriptOf,
} from './conversations.ts'

const SEED = 20_261_130
const BATCHES = 50
const BATCH = 20
/** How far the ledger may be from what Ollama did for callers who have left, in tokens. */
const TOLERANCE_TOKENS = 64
/** How long it may take where much else runs, in ms. */
const PATIENT_MS = 120_000

const stage = await setStage()
afterAll(() => stage[Symbol.asyncDispose]())

/** A conversation under way. */
interface Held {
  readonly conversation: Conversation
  readonly arrived: PromiseWithResolvers<void>
}

const held = new Map<string, Held>()
for (const endpoint of ['/api/chat', '/api/generate']) {
  stage.ollama.on(endpoint, {
    byRequest: ({ body }) => {
      const one = held.get(idIn(body))
      if (!one) throw new Error(`nobody asked for this: ${body}`)
      one.arrived.resolve()
      return scriptOf(one.conversation)
    },
  })
}

const idIn = (body: string): string => /<conversation-\d+>/.exec(body)?.[0] ?? ''

/** Asks, and reads all there is or leaves in the middle. */
async function hold(id: string, { conversation, arrived }: Held, as: TestUser): Promise<void> {
  const { api, streamed, text, said, calls, unread } = conversation
  const { path, body } = APIS[api]
  const leaving = new AbortController()
  const asked = { model: MODEL, stream: streamed, ...body(`${id} ${text}`, calls) }
  const headers = { 'x-request-id': idOf(id) }
  const answer = stage.post(path, asked, { as, headers, signal: leaving.signal })
  if (unread === null) {
    const response = await answer
    expect([response.status, await response.text()]).toEqual([200, expect.any(String)])
    return
  }
  answer.catch(() => {})
  await arrived.promise
  const enough = streamed ? Math.max(0, said.length - unread) : 0
  if (enough > 0) await readMarks(await answer, enough)
  leaving.abort()
}

const idOf = (id: string): string => id.slice(1, -1)

async function readMarks(response: Response, enough: number): Promise<void> {
  const decoder = new TextDecoder()
  let marks = 0
  for await (const bytes of response.body ?? []) {
    marks += decoder.decode(bytes, { stream: true }).split(MARK).length - 1
    if (marks >= enough) return
  }
  throw new Error(`the answer ended after ${marks} of ${enough} tokens`)
}

let count = 0
let accounted = 0

async function expectAccounted(conversations: readonly Conversation[]): Promise<void> {
  const as = await stage.gateway.user({ roles: ['premium'] })
  const ids = conversations.map((conversation) => {
    const id = `<conversation-${count++}>`
    held.set(id, { conversation, arrived: Promise.withResolvers() })
    return id
  })
  await Promise.all(ids.map((id) => hold(id, held.get(id) as Held, as)))
  accounted += ids.length
  await stage.gateway.accounted(accounted)
  await stage.ollama.idle()
  const rows = new Map((await stage.gateway.usageOf(as)).map((row) => [row.request_id, row]))
  expect(rows.size).toBe(ids.length)
  const told = new Map(stage.ollama.ledger.map((entry) => [idIn(entry.request.body), entry]))
  conversations.forEach((conversation, i) => {
    const id = ids[i] ?? ''
    const entry = told.get(id)
    const row = rows.get(idOf(id))
    if (!row || !entry) throw new Error(`${id} is not in both ledgers`)
    if (conversation.unread === null) expectExact(row, entry)
    else expectNear(row, entry, conversation)
  })
}

function expectExact(row: RequestsTable, { outcome, promptEvalCount, evalCount }: LedgerEntry) {
  expect(outcome).toBe('completed')
  expect(row).toMatchObject({
    outcome: 'completed',
    estimated: 0,
    prompt_tokens: promptEvalCount,
    completion_tokens: evalCount,
  })
}

/** Of a caller who has left Ollama tells no counts: it is known here what it would have told. */
function expectNear(row: RequestsTable, entry: LedgerEntry, conversation: Conversation) {
  expect(entry.outcome).toBe('aborted')
  expect(row).toMatchObject({ outcome: 'cancelled', error_code: 'client_closed', estimated: 1 })
  const truth = promptTokensOf(conversation) + entry.records
  const error = row.prompt_tokens + row.completion_tokens - truth
  expect(Math.abs(error)).toBeLessThanOrEqual(TOLERANCE_TOKENS)
}

test(
  `the ledger has what Ollama has counted for ${BATCHES * BATCH} random conversations over all APIs`,
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(conversation, { minLength: BATCH, maxLength: BATCH }),
        expectAccounted,
      ),
      { numRuns: BATCHES, seed: SEED, endOnFailure: true },
    )
    const outcomes = stage.ollama.ledger.map(({ outcome }) => outcome)
    for (const outcome of ['completed', 'aborted']) {
      expect(outcomes.filter((one) => one === outcome).length).toBeGreaterThan(BATCHES * 5)
    }
  },
  PATIENT_MS,
)
