import { EventQueue } from './event-queue.ts'
import { decodeGoJson, GoObject } from './go-json.ts'
import { headerOf, type RequestHead } from './http-request.ts'
import { modelKey, parseModelName } from './model-name.ts'

/** Everything the fake received of one request. Times are epoch ms. */
export class RecordedRequest {
  readonly method: string
  /** The request target exactly as it stood on the request line, with its query. */
  readonly path: string
  readonly headers: RequestHead['headers']
  readonly startedAt = Date.now()
  /** The body as text; complete once the request is handled. */
  body = ''
  bytes: Uint8Array = new Uint8Array()
  /** Body bytes that have arrived so far, also of a body that never ends. */
  received = 0
  /** The canonical key of the model that Go would read from the body. */
  model: string | undefined
  /** When the client left before its response was complete. */
  abortedAt: number | undefined

  constructor(head: RequestHead) {
    this.method = head.method
    this.path = head.target
    this.headers = head.headers
  }

  /** The first header of this name, whatever its case. */
  header(name: string): string | undefined {
    return headerOf({ method: '', target: '', headers: this.headers }, name.toLowerCase())
  }

  /** The body as JSON. Throws when it isn't. */
  json(): unknown {
    return JSON.parse(this.body)
  }
}

/** What arrived, what is being answered, and who left. */
export class Recorder {
  readonly requests: RecordedRequest[] = []
  readonly #live = new Set<RecordedRequest>()
  readonly #peaks = new Map<string, number>()
  readonly #arrivals = new Map<string, EventQueue<RecordedRequest>>()
  readonly #aborts = new EventQueue<RecordedRequest>()
  #idle = Promise.withResolvers<void>()

  /** A request line and its headers have arrived. */
  begin(head: RequestHead): RecordedRequest {
    const request = new RecordedRequest(head)
    this.requests.push(request)
    return request
  }

  /** The body is complete and an answer is about to be made. */
  complete(request: RecordedRequest, bytes: Uint8Array): void {
    request.bytes = bytes
    request.body = new TextDecoder().decode(bytes)
    request.model = modelIn(request.body)
    this.#live.add(request)
    if (request.model) {
      const peak = Math.max(this.peakInFlight(request.model), this.inFlight(request.model))
      this.#peaks.set(request.model, peak)
    }
    this.#arrivalsAt(pathname(request)).push(request)
  }

  /** The answer is complete, or was broken off by the fake itself. */
  finish(request: RecordedRequest): void {
    this.#live.delete(request)
    if (this.#live.size > 0) return
    this.#idle.resolve()
    this.#idle = Promise.withResolvers()
  }

  /** The client left before it had everything. */
  abort(request: RecordedRequest): void {
    if (request.abortedAt !== undefined) return
    request.abortedAt = Date.now()
    this.#aborts.push(request)
    this.finish(request)
  }

  /** The requests for this path, without regard to a query. */
  calls(path: string): RecordedRequest[] {
    return this.requests.filter((request) => pathname(request) === path)
  }

  /** The next request for this path that no earlier call has been given, past or future. */
  nextRequest(path: string): Promise<RecordedRequest> {
    return this.#arrivalsAt(path).next()
  }

  /** The next client departure that no earlier call has been given, past or future. */
  nextAbort(): Promise<RecordedRequest> {
    return this.#aborts.next()
  }

  /** Resolves when no request is being answered. */
  idle(): Promise<void> {
    return this.#live.size === 0 ? Promise.resolve() : this.#idle.promise
  }

  /** Requests being answered now, of all models or of one. */
  inFlight(model?: string): number {
    if (model === undefined) return this.#live.size
    const key = keyOf(model)
    return [...this.#live].filter((request) => request.model === key).length
  }

  /** The most requests of this model that were ever being answered at one time. */
  peakInFlight(model: string): number {
    return this.#peaks.get(keyOf(model) ?? '') ?? 0
  }

  #arrivalsAt(path: string): EventQueue<RecordedRequest> {
    const queue = this.#arrivals.get(path) ?? new EventQueue()
    this.#arrivals.set(path, queue)
    return queue
  }
}

/** The path of a request without its query, still percent-encoded. */
export function pathname(request: RecordedRequest): string {
  return request.path.split('?', 1)[0] ?? ''
}

function modelIn(body: string): string | undefined {
  try {
    const value = decodeGoJson(body)
    const name = value instanceof GoObject ? (value.field('model') ?? value.field('name')) : null
    return typeof name === 'string' ? keyOf(name) : undefined
  } catch {
    // A body that is no JSON names no model; its handler gives the refusal.
    return undefined
  }
}

function keyOf(model: string): string | undefined {
  const name = parseModelName(model)
  return name && modelKey(name)
}
