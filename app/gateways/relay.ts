import { GatewayError } from '../errors/gateway-error.ts'
import type { Log } from '../log.ts'
import { modelNotFound } from '../middleware/model-access.ts'
import { publicText, upstreamFailure, upstreamRefusal } from '../upstream/errors.ts'
import type { UpstreamResponse } from '../upstream/http/client.ts'
import type { UpstreamRequest } from '../upstream/ollama.ts'
import { countsOfDocument } from '../usage/counts.ts'
import { type Source, tap } from '../usage/tap.ts'
import { withAskedName } from './asked-name.ts'
import { AS_IT_COMES, type Encoder } from './encoder.ts'
import { type Exchange, type ExchangeNeeds, type ExchangeOptions, exchange } from './exchange.ts'
import type { Call } from './gateway.ts'
import { lateSource } from './late-source.ts'
import { readAll } from './read-all.ts'
import { cutEnding, doneEnding, failureOf, senselessAnswer } from './stream-ending.ts'

/** Sent with every answer that is passed on: proxies must neither keep, change nor hold it back. */
const ANSWER_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
}

const JSON_ANSWER_HEADERS = { ...ANSWER_HEADERS, 'content-type': 'application/json' }
const decoder = new TextDecoder()
const utf8 = new TextEncoder()

/** Largest answer that is held in memory, in bytes; only batches of embeddings come near. */
const MAX_DOCUMENT_BYTES = 256 * 1024 * 1024
const MAX_ERROR_BYTES = 64 * 1024

export interface RelayOptions extends Pick<ExchangeOptions, 'hasDeadline' | 'onFinish'> {
  /** How the answer is told; as it comes when left out. */
  readonly encoder?: Encoder
}

/** Passes requests on to Ollama and its answers back: the only place where those bytes flow. */
export interface Relay {
  /**
   * Sends the request to one of the call's hosts and answers as it answers: record by record, or in
   * one piece. Throws a GatewayError when there is no answer to pass on. A caller who waits for a stream
   * and would hear nothing for long is answered before Ollama is; what goes wrong then is told in it.
   */
  send(call: Call<unknown>, request: UpstreamRequest, options?: RelayOptions): Promise<Response>
}

export interface RelayNeeds extends ExchangeNeeds {
  readonly log: Log
}

export function createRelay(needs: RelayNeeds): Relay {
  return {
    async send(call, request, { encoder = AS_IT_COMES, ...options } = {}) {
      const silence = Promise.withResolvers<null>()
      const wait = { onSilence: () => silence.resolve(null) }
      const onSilence = encoder.heartbeat ? () => wait.onSilence() : undefined
      const sent = exchange(needs, call, request, { ...options, onSilence })
      const head = await Promise.race([sent.response, silence.promise])
      if (head && !isGood(head)) return await refuse(call, sent, head)
      if (head && !isStream(head, encoder)) return await documentAnswer(call, sent, head, encoder)
      const source = head?.body?.getReader() ?? lateSource(sent, (late) => opened(call, sent, late))
      const isLate = head === null
      const answer = streamAnswer(needs, { call, sent, source, encoder, isLate })
      wait.onSilence = answer.beat
      return answer.response
    },
  }
}

const isGood = ({ status }: UpstreamResponse): boolean => status >= 200 && status <= 299

/** What can't be told in one piece is told as a stream even when it comes in one. */
const isStream = ({ headers, body }: UpstreamResponse, { document }: Encoder): boolean =>
  body !== null &&
  (document === null || (headers.get('content-type')?.startsWith('application/x-ndjson') ?? false))

/** How the caller is told an error of Ollama's. */
const teller =
  (call: Call<unknown>) =>
  (text: string): string =>
    publicText(withAskedName(text, call))

/** The body of an answer that began after its caller had been answered. */
async function opened(
  call: Call<unknown>,
  sent: Exchange,
  response: UpstreamResponse,
): Promise<Source> {
  if (!isGood(response)) return await refuse(call, sent, response)
  if (!response.body) throw new GatewayError('upstream_incomplete', 'Ollama gave an empty answer')
  return response.body.getReader()
}

async function refuse(
  call: Call<unknown>,
  { finish }: Exchange,
  response: UpstreamResponse,
): Promise<never> {
  const body = await readAll(response, MAX_ERROR_BYTES, () => {}).catch(() => new Uint8Array(0))
  finish()
  if (response.status === 404 && call.model !== null) throw modelNotFound(call.askedModel)
  throw upstreamRefusal(response.status, decoder.decode(body), teller(call))
}

async function documentAnswer(
  call: Call<unknown>,
  { handle, cutReason, finish }: Exchange,
  response: UpstreamResponse,
  { document }: Encoder,
): Promise<Response> {
  try {
    const answer = await readAll(response, MAX_DOCUMENT_BYTES, handle.progress)
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false
    if (answer.length > 0 && !isJson) throw new Error('the answer is not JSON')
    if (!document) throw new GatewayError('upstream_incomplete', 'Ollama gave an empty answer')
    const body = inWords(document, answer)
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

function inWords(
  document: NonNullable<Encoder['document']>,
  answer: Uint8Array,
): Uint8Array | string {
  try {
    return document(answer)
  } catch (err) {
    throw senselessAnswer(err)
  }
}

interface StreamAnswer {
  readonly response: Response
  /** Tells a caller who waits that we are still there. */
  readonly beat: () => void
}

interface Streaming {
  readonly call: Call<unknown>
  readonly sent: Exchange
  readonly source: Source
  readonly encoder: Encoder
  /** Whether its caller is answered before Ollama has begun. */
  readonly isLate: boolean
}

function streamAnswer(
  { log }: RelayNeeds,
  { call, sent, source, encoder, isLate }: Streaming,
): StreamAnswer {
  const { ticket, requestId } = call
  const { handle, cutReason, finish } = sent
  const { mediaType, lines, heartbeat, ending = call.dialect.ending } = encoder
  ticket.defer()
  const beatBytes = (): Uint8Array => utf8.encode(heartbeat?.() ?? '')
  const { stream, beat } = tap(source, {
    encode: lines,
    prelude: isLate ? beatBytes() : undefined,
    onBytes: handle.told,
    onRecords(records) {
      handle.progress()
      ticket.records(records)
    },
    async onEnd(end) {
      finish()
      const failure = failureOf(end, cutReason(), teller(call))
      if (failure?.cause) log.warn({ request_id: requestId, err: failure.cause }, 'a stream failed')
      await ticket.settle(failure ? cutEnding(failure) : doneEnding(end))
      return failure ? utf8.encode(ending(failure, requestId)) : null
    },
  })
  return {
    response: new Response(stream, { headers: { ...ANSWER_HEADERS, 'content-type': mediaType } }),
    beat: () => beat(beatBytes()),
  }
}
