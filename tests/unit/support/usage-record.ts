import type { UsageRecord } from '../../../app/domain/usage.ts'

/** The account of a request that went well. */
export const usageRecord = (id: string): UsageRecord => ({
  id,
  requestId: `request-${id}`,
  userId: 'user-1',
  keyId: 'key-1',
  gateway: 'ollama',
  operation: 'chat',
  model: 'llama3:latest',
  backend: 'gpu-1:11434',
  promptTokens: 11,
  completionTokens: 18,
  estimated: false,
  queueMs: 1,
  computeMs: 200,
  loadMs: 0,
  firstTokenMs: 30,
  totalMs: 400,
  status: 200,
  outcome: 'completed',
  errorCode: null,
  startedAt: 1_000_000,
  endedAt: 1_000_400,
})
