import type { Backend } from './backend.ts'
import { upstreamFailure } from './errors.ts'
import { BINARY_HEADERS, JSON_HEADERS } from './headers.ts'
import type { Fetch, UpstreamResponse } from './http/client.ts'

/** The paths that are ever asked for upstream: constants, never a client's string. */
export type Endpoint =
  | '/api/chat'
  | '/api/generate'
  | '/api/embed'
  | '/api/embeddings'
  | '/api/tags'
  | '/api/ps'
  | '/api/show'
  | '/api/version'
  | '/api/pull'
  | '/api/push'
  | '/api/create'
  | '/api/copy'
  | '/api/delete'
  | `/api/blobs/sha256:${string}`

export interface UpstreamRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE'
  readonly endpoint: Endpoint
  /** Our own serialisation, or the bytes of a model file on their way through. */
  readonly body?: string | ReadableStream<Uint8Array> | null
}

export interface OllamaClient {
  /**
   * Sends one request and resolves at the headers, whatever the status. Throws a GatewayError when
   * there is no answer. Aborting the signal closes the connection, before the headers and after.
   */
  send(backend: Backend, request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamResponse>
}

/** A client for one or more hosts. Redirects are not followed and nothing is decoded. */
export function createOllamaClient({ fetch }: { readonly fetch: Fetch }): OllamaClient {
  return {
    async send(backend, { method, endpoint, body = null }, signal) {
      const headers = body instanceof ReadableStream ? BINARY_HEADERS : JSON_HEADERS
      try {
        return await fetch(backend.url + endpoint, { method, headers, body, signal })
      } catch (err) {
        throw upstreamFailure(err)
      }
    },
  }
}
