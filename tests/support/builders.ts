import { type Admin, createAdmin } from '../../app/admin.ts'
import { openKeyring } from '../../app/auth/secrets.ts'
import type { Gateway } from '../../app/gateways/gateway.ts'
import type { Actor } from '../../app/services/actor.ts'
import { foldRows } from '../../app/usage/row.ts'
import type { DatabaseHandle, Db } from '../../db/client.ts'
import { createRequestIds } from '../../db/ids.ts'
import { createRequestClose } from '../../db/queries/close-requests.ts'
import type { RequestsTable } from '../../db/schema.ts'

/** Who does what tests do. */
export const TESTER: Actor = {
  name: 'test:tester',
  address: '192.0.2.1',
  requestId: null,
  principal: null,
}

/** Derived from a fixed secret: the digests of two runs are the same. */
export const testKeyring = openKeyring('a master secret for tests only, 32+')

/** What administration has to be told, as tests have it. */
export const SETTINGS = {
  minPasswordLength: 15,
  accessTokenMinutes: 10,
  sessionIdleDays: 7,
  sessionDays: 30,
  registration: true,
  bodyTimeoutSeconds: 30,
  requestTimeoutSeconds: 3600,
  gateways: {},
  usage: {
    retentionDays: 90,
    rollupRetentionDays: 1095,
    watts: null,
    pricePerKwh: null,
    currency: '',
    prices: new Map(),
  },
  ollamaUrls: ['http://127.0.0.1:11434'] as string[],
  maxContextTokens: 0,
} as const

/** The administration of that database. */
export const testAdmin = (db: Db, registry?: readonly Gateway[]): Admin =>
  createAdmin({ db, keyring: testKeyring, registry, ...SETTINGS })

const newId = createRequestIds('0123456789ab')

/** A row of the ledger: a completed chat of a moment ago, with what the test wants different. */
export function requestRow(changes: Partial<RequestsTable> = {}): RequestsTable {
  const now = Date.now()
  return {
    id: newId(changes.started_at ?? now - 250),
    request_id: 'client-chosen',
    user_id: 'user-1',
    key_id: 'key-1',
    gateway: 'ollama',
    operation: 'chat',
    model: 'llama2:latest',
    backend: 'http://127.0.0.1:11434',
    prompt_tokens: 12,
    completion_tokens: 34,
    estimated: 0,
    queue_ms: 0,
    load_ms: 5,
    compute_ms: 200,
    first_token_ms: 40,
    total_ms: 250,
    status: 200,
    outcome: 'completed',
    error_code: null,
    started_at: now - 250,
    ended_at: now,
    ...changes,
  }
}

/** Writes rows to the ledger as the server does; at most as many as go into one statement. */
export const insertRequests = (
  handle: DatabaseHandle,
  rows: readonly RequestsTable[],
): Promise<void> => createRequestClose(handle, foldRows)(rows)
