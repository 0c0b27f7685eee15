import { estimatePromptTokens, type UsageRecord } from './usage.ts'

/** What is known of a request when it is let in. */
export interface OpenRequest
  extends Pick<
    UsageRecord,
    'id' | 'requestId' | 'userId' | 'keyId' | 'gateway' | 'operation' | 'model' | 'startedAt'
  > {
  /** How long its prompt is, in bytes; null for an operation that makes no tokens. */
  readonly promptBytes: number | null
}

/** How far a request has come. Times are epoch ms. */
export interface Progress {
  readonly backend: string | null
  readonly dispatchedAt: number | null
  readonly firstRecordAt: number | null
  /** How many records have been passed on. */
  readonly seen: number
}

/** What the row of a request says whose process has died. */
export const EXPIRED = { status: 500, outcome: 'expired', errorCode: 'server_died' } as const

/** The row of a request that died with its process, from what was last known of it at `endedAt`, in epoch ms. */
export function expiredRecord(
  { promptBytes, ...request }: OpenRequest,
  { backend, dispatchedAt, firstRecordAt, seen }: Progress,
  endedAt: number,
): UsageRecord {
  const isCounted = promptBytes !== null && dispatchedAt !== null
  return {
    ...request,
    ...EXPIRED,
    backend,
    promptTokens: isCounted ? estimatePromptTokens(promptBytes) : 0,
    completionTokens: isCounted ? seen : 0,
    estimated: isCounted,
    queueMs: (dispatchedAt ?? endedAt) - request.startedAt,
    loadMs: 0,
    computeMs: isCounted ? endedAt - dispatchedAt : 0,
    firstTokenMs: firstRecordAt === null ? null : firstRecordAt - request.startedAt,
    totalMs: endedAt - request.startedAt,
    endedAt,
  }
}
