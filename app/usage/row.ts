import type { RequestsTable } from '../../db/schema.ts'
import { foldUsage, type Rollup } from '../domain/rollup.ts'
import type { Outcome, UsageRecord } from '../domain/usage.ts'

/** A usage record as the ledger stores it. */
export const toRequestRow = (record: UsageRecord): RequestsTable => ({
  id: record.id,
  request_id: record.requestId,
  user_id: record.userId,
  key_id: record.keyId,
  gateway: record.gateway,
  operation: record.operation,
  model: record.model,
  backend: record.backend,
  prompt_tokens: record.promptTokens,
  completion_tokens: record.completionTokens,
  estimated: Number(record.estimated),
  queue_ms: record.queueMs,
  load_ms: record.loadMs,
  compute_ms: record.computeMs,
  first_token_ms: record.firstTokenMs,
  total_ms: record.totalMs,
  status: record.status,
  outcome: record.outcome,
  error_code: record.errorCode,
  started_at: record.startedAt,
  ended_at: record.endedAt,
})

/** A row of the ledger as a usage record. */
export const toUsageRecord = (row: RequestsTable): UsageRecord => ({
  id: row.id,
  requestId: row.request_id,
  userId: row.user_id,
  keyId: row.key_id,
  gateway: row.gateway,
  operation: row.operation,
  model: row.model,
  backend: row.backend,
  promptTokens: row.prompt_tokens,
  completionTokens: row.completion_tokens,
  estimated: row.estimated === 1,
  queueMs: row.queue_ms,
  loadMs: row.load_ms,
  computeMs: row.compute_ms,
  firstTokenMs: row.first_token_ms,
  totalMs: row.total_ms,
  status: row.status,
  outcome: row.outcome as Outcome,
  errorCode: row.error_code,
  startedAt: row.started_at,
  endedAt: row.ended_at,
})

/** What rows of the ledger add to the rollup. */
export const foldRows = (rows: readonly RequestsTable[]): Rollup[] =>
  foldUsage(rows.map(toUsageRecord))
