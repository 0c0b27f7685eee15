import { ollamaDialect } from '../../../app/errors/ollama.ts'
import type { Call } from '../../../app/gateways/gateway.ts'
import { createRelay, type RelayOptions } from '../../../app/gateways/relay.ts'
import { createLiveRequests } from '../../../app/services/live-requests.ts'
import { createBackend } from '../../../app/upstream/backend.ts'
import { createInventory } from '../../../app/upstream/inventory.ts'
import { createOllamaClient } from '../../../app/upstream/ollama.ts'
import { createPool } from '../../../app/upstream/pool.ts'
import type { Ending } from '../../../app/usage/ending.ts'
import { createClock } from '../support/clock.ts'
import { memoryLog } from '../support/memory-log.ts'
import { principal } from '../support/principal.ts'

type Answer = (signal: AbortSignal) => Response | Promise<Response>

/** One request through the relay to a host that answers like this. */
export function createExchange(answer: Answer, account: Promise<void> = Promise.resolve()) {
  const clock = createClock()
  const backend = createBackend('http://gpu-1:11434')
  const client = createOllamaClient({
    fetch: async (_, { signal }) => {
      if (!signal) throw new Error('a request without a signal')
      return await answer(signal)
    },
  })
  const inventory = createInventory({ client, clock })
  const pool = createPool({ backends: [backend], client, inventory, clock })
  const live = createLiveRequests({
    clock,
    isCurrent: () => true,
    reload: async () => null,
    deadlines: { firstByteMs: 1000, idleMs: 1000, totalMs: 10_000, heartbeatMs: 400 },
  })
  const log = memoryLog()
  const endings: Ending[] = []
  let isDeferred = false
  let records = 0
  let finished = 0
  const caller = new AbortController()
  const call = {
    request: new Request('http://h/', { signal: caller.signal }),
    principal: principal(),
    hosts: [backend],
    model: 'llama3:latest',
    askedModel: 'llama3',
    dialect: ollamaDialect,
    requestId: 'request-1',
    isStillAllowed: () => true,
    ticket: {
      get isDeferred() {
        return isDeferred
      },
      defer: () => {
        isDeferred = true
      },
      dispatched() {},
      records: (count: number) => {
        records += count
      },
      async settle(ending: Ending) {
        endings.push(ending)
        await account
      },
    },
  } as unknown as Call<unknown>

  return {
    live,
    clock,
    log,
    /** The caller hangs up. */
    leave: () => caller.abort(),
    /** The first ending is the one that counts; the ledger ignores the others. */
    ending: () => endings[0],
    /** What is still held: all zero, and finished once, when the request is over. */
    held: () => ({ live: live.size, inFlight: backend.inFlight, finished }),
    isDeferred: () => isDeferred,
    records: () => records,
    send: (options: RelayOptions = {}) =>
      createRelay({ pool, live, log }).send(
        call,
        { method: 'POST', endpoint: '/api/chat', body: '{}' },
        {
          ...options,
          onFinish: () => {
            finished++
          },
        },
      ),
  }
}

/** A host that sends these headers and this body, and breaks off when it is told to. */
export const streaming =
  (body: ReadableStream<Uint8Array>, fail: (err: unknown) => void = () => {}): Answer =>
  (signal) => {
    signal.addEventListener('abort', () => fail(signal.reason))
    return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } })
  }

/** A host that says nothing until it is told to stop. */
export const silent: Answer = (signal) =>
  new Promise((_, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop)
  })
