import { GatewayError } from '../errors/gateway-error.ts'
import { ollamaErrorRecord } from '../errors/ollama.ts'
import { modelNotFound } from '../middleware/model-access.ts'
import type { LiveHandle, LiveRequests } from '../services/live-requests.ts'
import type { Backend } from '../upstream/backend.ts'
import { upstreamFailure, upstreamRefusal } from '../upstream/errors.ts'
import type { UpstreamResponse } from '../upstream/http/client.ts'
import type { UpstreamRequest } from '../upstream/ollama.ts'
import type { BackendPool } from '../upstream/pool.ts'
import { countsOfDocument } from '../usage/counts.ts'
import { tap } from '../usage/tap.ts'
import type { Call } from './gateway.ts'
import { readAll } from './read-all.ts'
import { cutEnding, doneEnding, failureOf } from './stream-ending.ts'
import { watchedUpload } from './watched-upload.ts'

/** Sent with every answer that is passed on: proxies must neither keep, change nor hold it back. */
const ANSWER_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
}

const JSON_ANSWER_HEADERS = { ...ANSWER_HEADERS, 'content-type': 'application/json' }
const decoder = new TextDecoder()

/** Largest answer that is held in memory, in bytes; only batches of embeddings come near. */
const MAX_DOCUMENT_BYTES = 256 * 1024 * 1024
const MAX_ERROR_BYTES = 64 * 1024

export interface RelayNeeds {
  readonly pool: BackendPool
  readonly live: LiveRequests
}

export interface RelayOptions {
  /** False for transfers of models, which take as long as they take. */
  readonly hasDeadline?: boolean
  /** Changes an answer that comes in one piece; what it throws makes the answer a failed one. */
  readonly rewrite?: (answer: Record<string, unknown>) => object
  /** Called when the request is over, however it ended. */
  readonly onFinish?: () => void
}

/** Passes requests on to Ollama and its answers back: the only place where those bytes flow. */
export interface Relay {
  /**
   * Sends the request to one of the call's hosts and answers as it answers: record by record, or in
   * one piece. Throws a GatewayError when there is no answer to pass on.
   */
  send(call: Call<unknown>, request: UpstreamRequest, options?: RelayOptions): Promise<Response>
}

/** A request that is under way. */
interface Exchange {
  readonly backend: Backend
  readonly response: UpstreamResponse
  readonly handle: LiveHandle
  /** Why we cut it, or null when we did not. */
  readonly cutReason: () => GatewayError | null
  /** What must happen when it is over; a second call does nothing. */
  readonly finish: () => void
}

export function createRelay({ pool, live }: RelayNeeds): Relay {
  return {
    async send(call, request, options = {}) {
      const exchange = await open(call, request, options)
      const { response } = exchange
      if (response.status < 200 || response.status > 299) return await refuse(call, exchange)
      const isStream = response.headers.get('content-type')?.startsWith('application/x-ndjson')
      return isStream && response.body
        ? streamAnswer(call, exchange, response.body)
        : await documentAnswer(call, exchange, options)
    },
  }

  /** Sends the request and waits for the headers, ready to be cut at any moment. */
  async function open(
    call: Call<unknown>,
    request: UpstreamRequest,
    { hasDeadline = true, onFinish }: RelayOptions,
  ): Promise<Exchange> {
    const upstream = new AbortController()
    const { principal, isStillAllowed, compute, ticket } = call
    let reason: GatewayError | null = null
    let backend: Backend | null = null
    const cut = (err: GatewayError): void => {
      reason ??= err
      upstream.abort()
      // A client that does not read would keep the account open: it is closed without one.
      if (ticket.isDeferred) {
        finish()
        void ticket.settle(cutEnding(reason))
      }
    }
    const leave = (): void => cut(new GatewayError('client_closed', 'the client went away'))
    const handle = live.add({ principal, isStillAllowed, cut, hasDeadline, compute })
    let isFinished = false
    const finish = (): void => {
      if (isFinished) return
      isFinished = true
      call.request.signal.removeEventListener('abort', leave)
      handle.end()
      if (backend) pool.release(backend)
      onFinish?.()
    }
    call.request.signal.addEventListener('abort', leave)
    if (call.request.signal.aborted) leave()
    try {
      const { body } = request
      const sent =
        body instanceof ReadableStream ? { ...request, body: watchedUpload(body, handle) } : request
      const answer = await pool.send(call.hosts, sent, upstream.signal, (host) =>
        ticket.dispatched(host.name),
      )
      backend = answer.backend
      return { ...answer, handle, cutReason: () => reason, finish }
    } catch (err) {
      finish()
      throw reason ?? err
    }
  }
}

async function refuse(call: Call<unknown>, exchange: Exchange): Promise<never> {
  const { response, finish } = exchange
  const body = await readAll(response, MAX_ERROR_BYTES, () => {}).catch(() => new Uint8Array(0))
  finish()
  if (response.status === 404 && call.model !== null) throw modelNotFound(call.model)
  throw upstreamRefusal(response.status, decoder.decode(body))
}

async function documentAnswer(
  call: Call<unknown>,
  exchange: Exchange,
  { rewrite }: RelayOptions,
): Promise<Response> {
  const { response, handle, cutReason, finish } = exchange
  try {
    const answer = await readAll(response, MAX_DOCUMENT_BYTES, handle.progress)
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false
    if (answer.length > 0 && !isJson) throw new Error('the answer is not JSON')
    const body = rewrite ? JSON.stringify(rewrite(JSON.parse(decoder.decode(answer)))) : answer
    const counts = countsOfDocument(answer)
    await call.ticket.settle({ status: response.status, outcome: 'completed', counts })
    const headers = answer.length > 0 ? JSON_ANSWER_HEADERS : ANSWER_HEADERS
    return new Response(body, { status: response.status, headers })
  } catch (err) {
    throw cutReason() ?? upstreamFailure(err)
  } finally {
    finish()
  }
}

function streamAnswer(
  call: Call<unknown>,
  { handle, cutReason, finish }: Exchange,
  body: ReadableStream<Uint8Array>,
): Response {
  const { ticket } = call
  ticket.defer()
  const stream = tap(body, {
    onRecords(records) {
      handle.progress()
      ticket.records(records)
    },
    async onEnd(end) {
      finish()
      const failure = failureOf(end, cutReason())
      await ticket.settle(failure ? cutEnding(failure) : doneEnding(end))
      return failure ? new TextEncoder().encode(ollamaErrorRecord(failure)) : null
    },
  })
  return new Response(stream, {
    headers: { ...ANSWER_HEADERS, 'content-type': 'application/x-ndjson' },
  })
}
