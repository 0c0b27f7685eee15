import type { RequestsTable } from '../../db/schema.ts'
import type { UsageRecord } from '../domain/usage.ts'

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
  first_token_ms: record.firstTokenMs,
  total_ms: record.totalMs,
  status: record.status,
  outcome: record.outcome,
  error_code: record.errorCode,
  started_at: record.startedAt,
  ended_at: record.endedAt,
})
