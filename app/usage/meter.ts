import type { Clock } from '../domain/clock.ts'
import type { Principal } from '../domain/grant.ts'
import type { OpenRequest } from '../domain/open-request.ts'
import { estimatePromptTokens, type UsageRecord } from '../domain/usage.ts'
import type { Log } from '../log.ts'
import { type Ending, isUpstreamFailure } from './ending.ts'
import type { OpenRequests } from './open-requests.ts'
import type { Recorder } from './recorder.ts'

export interface MeterNeeds {
  readonly recorder: Pick<Recorder, 'record'>
  readonly clock: Clock
  readonly log: Log
  readonly openRequests: Pick<OpenRequests, 'open'>
  /** A new row's id, of a request that arrived then, in epoch ms. */
  readonly newId: (ms: number) => string
  /** Told of each row before it is written. */
  readonly onRecord?: (row: UsageRecord) => void
}

/** What is known about a request when it is admitted. */
export interface Admission {
  readonly requestId: string
  readonly principal: Principal
  readonly gateway: string
  readonly operation: string
  readonly model: string | null
  /** When the request arrived, in epoch ms. */
  readonly startedAt: number
  /** How much text the model reads, in bytes; null for an operation that makes no tokens. */
  readonly promptBytes: (() => number) | null
  /** Told once what it used, when that is known. */
  readonly onSettled?: ((used: Used) => void) | undefined
}

/**
 * What a request used, as its limits count it: nothing when it failed before its first token. One that
 * was given up, by its caller or because it took too long, has used a host's time all the same.
 */
export interface Used {
  readonly requests: 0 | 1
  readonly tokens: number
  readonly computeMs: number
}

/** The account of one admitted request, from admission to its one row in the ledger. */
export interface Ticket {
  readonly admission: Admission
  /** The request is on its way to this host. */
  dispatched(backend: string): void
  /** So many more records have been passed on. */
  records(count: number): void
  /** The answer is a stream: whoever watches it settles the account when it ends. */
  defer(): void
  readonly isDeferred: boolean
  /** Writes the row; resolves when it is committed. Only the first call counts. */
  settle(ending: Ending): Promise<void>
}

export type OpenTicket = (admission: Admission) => Ticket

export function createMeter(needs: MeterNeeds): OpenTicket {
  const { recorder, openRequests, clock, newId, log, onRecord } = needs
  return (admission) => {
    let backend: string | null = null
    let dispatchedAt: number | null = null
    let firstRecordAt: number | null = null
    let seen = 0
    let isSettled = false
    let isDeferred = false
    const id = newId(admission.startedAt)
    const forget = openRequests.open(openRequest(id, admission), () => ({
      backend,
      dispatchedAt,
      firstRecordAt,
      seen,
    }))

    return {
      admission,
      get isDeferred() {
        return isDeferred
      },
      defer() {
        isDeferred = true
      },
      dispatched(name) {
        backend = name
        dispatchedAt ??= clock.now()
      },
      records(count) {
        firstRecordAt ??= clock.now()
        seen += count
      },
      async settle(ending) {
        if (isSettled) return
        isSettled = true
        const { startedAt, principal } = admission
        const endedAt = clock.now()
        const isFree = !admission.promptBytes || (isUpstreamFailure(ending) && seen === 0)
        const wasDispatched = dispatchedAt !== null
        const row: UsageRecord = {
          id,
          requestId: admission.requestId,
          userId: principal.userId,
          keyId: principal.keyId,
          gateway: admission.gateway,
          operation: admission.operation,
          model: admission.model,
          backend,
          ...tokens(admission, ending, seen, !isFree && wasDispatched),
          queueMs: (dispatchedAt ?? endedAt) - startedAt,
          loadMs: ending.counts?.loadMs ?? 0,
          computeMs: isFree ? 0 : computeMs(ending, dispatchedAt, endedAt),
          firstTokenMs: firstRecordAt === null ? null : firstRecordAt - startedAt,
          totalMs: endedAt - startedAt,
          status: ending.status,
          outcome: ending.outcome,
          errorCode: ending.errorCode ?? null,
          startedAt,
          endedAt,
        }
        onRecord?.(row)
        await recorder.record(row)
        forget()
        admission.onSettled?.({
          requests: isFree ? 0 : 1,
          tokens: row.promptTokens + row.completionTokens,
          computeMs: row.computeMs,
        })
        log.info(
          {
            request_id: row.requestId,
            user: principal.username,
            operation: row.operation,
            model: row.model,
            backend: row.backend,
            prompt_tokens: row.promptTokens,
            completion_tokens: row.completionTokens,
            total_ms: row.totalMs,
            outcome: row.outcome,
            ...(row.errorCode && { reason: row.errorCode }),
          },
          'request accounted',
        )
      },
    }
  }
}

const openRequest = (
  id: string,
  { principal, promptBytes, ...admission }: Admission,
): OpenRequest => ({
  id,
  requestId: admission.requestId,
  userId: principal.userId,
  keyId: principal.keyId,
  gateway: admission.gateway,
  operation: admission.operation,
  model: admission.model,
  promptBytes: promptBytes === null ? null : promptBytes(),
  startedAt: admission.startedAt,
})

/** As Ollama says; otherwise from the moment a host got the request. */
const computeMs = ({ counts }: Ending, dispatchedAt: number | null, endedAt: number): number =>
  counts?.computeMs ?? (dispatchedAt === null ? 0 : endedAt - dispatchedAt)

/**
 * Ollama's own counts where it gave them. Otherwise ours: a record is about a token, and a prompt
 * counts once a host works on it; a request that failed before its first token costs nothing.
 */
function tokens(
  { promptBytes }: Admission,
  { counts }: Ending,
  seen: number,
  wasWorkedOn: boolean,
) {
  if (!promptBytes) return { promptTokens: 0, completionTokens: 0, estimated: false }
  const hasCost = counts !== undefined || seen > 0 || wasWorkedOn
  const promptTokens = counts?.promptTokens ?? (hasCost ? estimatePromptTokens(promptBytes()) : 0)
  // An answer of one record is the final record: it stands for no token.
  const estimatedCompletion = counts && seen <= 1 ? 0 : seen
  const isWhole = counts?.promptTokens != null && (counts.completionTokens !== null || seen <= 1)
  return {
    promptTokens,
    completionTokens: counts?.completionTokens ?? estimatedCompletion,
    estimated: !isWhole && hasCost,
  }
}
