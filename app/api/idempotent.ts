import { GatewayError } from '../errors/gateway-error.ts'
import type { Transact } from '../services/change.ts'
import { AnsweredBefore, type Idempotency, type StoredAnswer } from '../services/idempotency.ts'
import type { Call } from './call.ts'
import type { Definition } from './endpoint.ts'

const KEY = /^[\x21-\x7e]{1,255}$/

export interface IdempotencyNeeds {
  readonly idempotency: Idempotency
}

interface Attempt<Query, Body> {
  /** The `Idempotency-Key` of the request. */
  readonly key: string
  readonly input: { readonly query: Query; readonly body: Body }
  /** The call, its change in that transaction. */
  readonly call: (transact?: Transact) => Call<Query, Body>
}

/**
 * Makes what was asked for once, however often it is asked for with the same key in a day: the others
 * get the answer of the first (draft-ietf-httpapi-idempotency-key-header). The answer is kept in the
 * transaction of the change: either both are there or none.
 */
export async function onceOnly<Query, Body, Result, Wire>(
  { idempotency }: IdempotencyNeeds,
  definition: Definition<Query, Body, Result, Wire>,
  { key, input, call }: Attempt<Query, Body>,
): Promise<Response> {
  if (!KEY.test(key)) {
    throw new GatewayError('invalid', 'Idempotency-Key: 1 to 255 visible ASCII characters')
  }
  const plain = call()
  const { request, principal } = plain
  const asked = {
    // A restricted key must not get what its owner was given.
    caller: principal.isScoped ? `${principal.userId} ${principal.keyId}` : principal.userId,
    key,
    request: JSON.stringify([request.method, new URL(request.url).pathname, input]),
  }
  const before = await idempotency.find(asked)
  if (before) return toResponse(before, { 'idempotency-replayed': 'true' })
  const answerOf = (result: unknown): StoredAnswer => ({
    status: definition.answer.status,
    body: definition.view(result as Result, plain),
    headers: definition.headers?.(result as Result, plain) ?? {},
  })
  try {
    const result = await definition.handle(call(idempotency.transact(asked, answerOf)))
    return toResponse(answerOf(result))
  } catch (err) {
    const first = err instanceof AnsweredBefore ? await idempotency.find(asked) : null
    if (!first) throw err
    return toResponse(first, { 'idempotency-replayed': 'true' })
  }
}

const toResponse = ({ status, body, headers }: StoredAnswer, more = {}): Response =>
  Response.json(body, { status, headers: { ...headers, ...more } })
