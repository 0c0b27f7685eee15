import { GatewayError } from '../errors/gateway-error.ts'
import type { LiveHandle, LiveRequests } from '../services/live-requests.ts'
import type { Backend } from '../upstream/backend.ts'
import type { UpstreamResponse } from '../upstream/http/client.ts'
import type { UpstreamRequest } from '../upstream/ollama.ts'
import type { BackendPool } from '../upstream/pool.ts'
import type { Call } from './gateway.ts'
import { cutEnding } from './stream-ending.ts'
import { watchedUpload } from './watched-upload.ts'

export interface ExchangeNeeds {
  readonly pool: BackendPool
  readonly live: LiveRequests
}

export interface ExchangeOptions {
  /** False for transfers of models, which take as long as they take. */
  readonly hasDeadline?: boolean
  /** Called when the caller has got nothing for long. */
  readonly onSilence?: (() => void) | undefined
  /** Called when the request is over, however it ended. */
  readonly onFinish?: () => void
}

/** A request that is under way at a host, and can be cut at any moment. */
export interface Exchange {
  /** The head of Ollama's answer. Rejects with a GatewayError when there is none. */
  readonly response: Promise<UpstreamResponse>
  readonly handle: LiveHandle
  /** Why we cut it, or null when we did not. */
  readonly cutReason: () => GatewayError | null
  /** Leaves the host, for a reason that is known already. */
  readonly abandon: () => void
  /** What must happen when it is over; a second call does nothing. */
  readonly finish: () => void
}

/** Sends the request to one of the call's hosts. */
export function exchange(
  { pool, live }: ExchangeNeeds,
  call: Call<unknown>,
  request: UpstreamRequest,
  { hasDeadline = true, onSilence, onFinish }: ExchangeOptions,
): Exchange {
  const upstream = new AbortController()
  const { principal, isStillAllowed, compute, ticket } = call
  let reason: GatewayError | null = null
  let backend: Backend | null = null
  let isFinished = false
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
  const handle = live.add({ principal, isStillAllowed, cut, hasDeadline, compute, onSilence })
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

  const send = async (): Promise<UpstreamResponse> => {
    try {
      const { body } = request
      const sent =
        body instanceof ReadableStream ? { ...request, body: watchedUpload(body, handle) } : request
      const answer = await pool.send(call.hosts, sent, upstream.signal, (host) =>
        ticket.dispatched(host.name),
      )
      if (isFinished) pool.release(answer.backend)
      else backend = answer.backend
      return answer.response
    } catch (err) {
      finish()
      throw reason ?? err
    }
  }
  const abandon = (): void => upstream.abort()
  return { response: send(), handle, cutReason: () => reason, abandon, finish }
}
