import { afterEach } from 'bun:test'
import {
  createHttpClient,
  type HttpClient,
  type HttpClientOptions,
  type UpstreamResponse,
} from '../../../app/upstream/http/client.ts'
import type { RequestInit } from '../../../app/upstream/http/request.ts'
import { type Peer, type RawServer, startRawServer } from './raw-server.ts'

const cleanups: (() => void | Promise<void>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

/** A client that is closed after the test. */
export function newClient(options: HttpClientOptions = {}): HttpClient {
  const client = createHttpClient(options)
  cleanups.push(() => client.close())
  return client
}

/** A server that is stopped after the test. */
export async function newServer(onData: (peer: Peer) => void, port = 0): Promise<RawServer> {
  const server = await startRawServer(onData, port)
  cleanups.push(() => server.stop())
  return server
}

/** Sends a request; a POST of a short text unless told otherwise. */
export const send = (
  client: HttpClient,
  url: string,
  init: Partial<RequestInit> = {},
): Promise<UpstreamResponse> =>
  client.fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: 'question',
    signal: new AbortController().signal,
    ...init,
  })

/** The body of a response, which must have one. */
export function bodyOf(response: UpstreamResponse): ReadableStream<Uint8Array> {
  if (response.body) return response.body
  throw new Error('a response without a body')
}

/** Why a promise rejects; fails when it does not. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise
  } catch (err) {
    if (err instanceof Error) return err
    throw err
  }
  throw new Error('it did not fail')
}
