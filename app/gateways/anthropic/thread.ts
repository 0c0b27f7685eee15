import { GatewayError } from '../../errors/gateway-error.ts'

/** The words in which clients are told to go on without a thread; they look for exactly these. */
const DETAILS = { error_code: 'thread_unsupported_request', unsupported: [] }

/**
 * Refuses to keep a conversation between its requests. Clients send only what is new to one that is kept,
 * so that without this the rest would be lost; when they read this, they send all of it.
 */
export function refuseThread(thread: unknown): void {
  if (thread == null) return
  const text = 'thread: nothing is kept here; send the whole conversation, without a thread'
  throw new GatewayError('bad_request', text, { field: 'thread', details: { details: DETAILS } })
}
