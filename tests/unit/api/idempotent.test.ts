import { describe, expect, test } from 'bun:test'
import { z } from 'zod'
import type { Call } from '../../../app/api/call.ts'
import type { Definition } from '../../../app/api/endpoint.ts'
import { onceOnly } from '../../../app/api/idempotent.ts'
import { GatewayError } from '../../../app/errors/gateway-error.ts'
import type { Transact } from '../../../app/services/change.ts'
import { AnsweredBefore, type Asked, type StoredAnswer } from '../../../app/services/idempotency.ts'
import { principal } from '../support/principal.ts'

interface Made {
  readonly id: number
}

/** An endpoint that makes something, and a store of answers that can be told to be slower than others. */
function createEndpoint() {
  const stored = new Map<string, StoredAnswer>()
  const asked: Asked[] = []
  const state = { made: 0, failure: null as Error | null, others: null as StoredAnswer | null }
  const nameOf = ({ caller, key, request }: Asked) => JSON.stringify([caller, key, request])

  const definition: Definition<unknown, object, Made, Made> = {
    name: 'thing.create',
    summary: 'Make a thing',
    method: 'POST',
    path: '/things',
    access: 'own',
    creates: true,
    answer: { status: 201, schema: z.object({ id: z.number() }) },
    async handle() {
      if (state.failure) throw state.failure
      return { id: ++state.made }
    },
    view: (made) => made,
    headers: ({ id }) => ({ location: `/things/${id}` }),
  }
  const idempotency = {
    async find(what: Asked) {
      asked.push(what)
      return stored.get(nameOf(what)) ?? null
    },
    transact(what: Asked, answerOf: (result: unknown) => StoredAnswer): Transact {
      return async (act) => {
        if (state.others) {
          stored.set(nameOf(what), state.others)
          throw new AnsweredBefore()
        }
        const result = await act({} as never)
        stored.set(nameOf(what), answerOf(result))
        return result
      }
    },
  }

  /** What the service does: its change runs in the transaction that it is given. */
  const make = (key: string, body: object = {}, url = 'http://h/things?x=1') => {
    const call = (transact?: Transact) =>
      ({
        request: new Request(url, { method: 'POST' }),
        principal: principal({ userId: 'user-1' }),
        transact,
      }) as unknown as Call<unknown, object>
    const handle: typeof definition.handle = (given) => {
      const { transact } = given as unknown as { transact?: Transact }
      if (!transact) throw new Error('the change must run in the transaction of the answer')
      return transact(() => definition.handle(given))
    }
    return onceOnly(
      { idempotency: idempotency as never },
      { ...definition, handle },
      { key, input: { query: {}, body }, call },
    )
  }
  return { make, state, asked }
}

const read = async (response: Response) => ({
  status: response.status,
  location: response.headers.get('location'),
  replayed: response.headers.get('idempotency-replayed'),
  body: await response.json(),
})

describe('what is asked for twice with the same key', () => {
  test('is made once, and the second answer is the first with a word that it is', async () => {
    const { make, state } = createEndpoint()
    const first = { status: 201, location: '/things/1', body: { id: 1 } }
    expect(await read(await make('key-1'))).toEqual({ ...first, replayed: null })
    expect(await read(await make('key-1'))).toEqual({ ...first, replayed: 'true' })
    expect(state.made).toBe(1)
    expect(await read(await make('key-2'))).toMatchObject({ body: { id: 2 }, replayed: null })
  })

  test('is the same when caller, method, path and input are, and only then', async () => {
    const { make, asked } = createEndpoint()
    await make('key-1', { a: 1 })
    await make('key-1', { a: 2 })
    await make('key-1', { a: 1 }, 'http://h/others')
    await make('key-1', { a: 1 }, 'http://elsewhere/things')
    const [first, other, elsewhere, again] = asked
    expect(first?.caller).toBe('user-1')
    expect(other?.request).not.toBe(first?.request ?? '')
    expect(elsewhere?.request).not.toBe(first?.request ?? '')
    expect(again).toEqual(first as Asked)
  })

  test('at the same moment gets the answer of whoever was faster', async () => {
    const { make, state } = createEndpoint()
    state.others = { status: 201, body: { id: 77 }, headers: { location: '/things/77' } }
    expect(await read(await make('key-1'))).toEqual({
      status: 201,
      location: '/things/77',
      replayed: 'true',
      body: { id: 77 },
    })
    expect(state.made).toBe(0)
  })

  test('is tried again when the first was refused', async () => {
    const { make, state } = createEndpoint()
    state.failure = new GatewayError('conflict', 'taken')
    await expect(make('key-1')).rejects.toThrow('taken')
    state.failure = null
    expect(await read(await make('key-1'))).toMatchObject({ body: { id: 1 }, replayed: null })
  })
})

test.each(['', ' ', 'a b', 'a\tb', 'é', 'x'.repeat(256), '\u007f'])(
  'the key %j is none, and nothing is made',
  async (key) => {
    const { make, state, asked } = createEndpoint()
    await expect(make(key)).rejects.toThrow('Idempotency-Key')
    expect([state.made, asked]).toEqual([0, []])
  },
)

test.each(['a', '!', '"8e03978e-40d5-43dd-bc93-6894a57f9324"', 'x'.repeat(255)])(
  'the key %j is one',
  async (key) => {
    expect((await createEndpoint().make(key)).status).toBe(201)
  },
)
