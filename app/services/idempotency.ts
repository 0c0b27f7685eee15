import type { Db } from '../../db/client.ts'
import { databaseFault } from '../../db/codec.ts'
import {
  findIdempotencyKey,
  insertIdempotencyKey,
  updateIdempotencyKey,
} from '../../db/queries/idempotency.ts'
import type { Keyring } from '../auth/secrets.ts'
import type { Clock } from '../domain/clock.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Transact } from './change.ts'

/** How long an answer is kept, in ms. */
export const IDEMPOTENCY_MS = 86_400_000

export interface IdempotencyServiceNeeds {
  readonly db: Db
  readonly clock: Clock
  readonly keyring: Pick<Keyring, 'mac' | 'seal' | 'open'>
}

/** A request that carries an `Idempotency-Key`. */
export interface Asked {
  readonly caller: string
  readonly key: string
  /** All that makes it this request and no other. */
  readonly request: string
}

export interface StoredAnswer {
  readonly status: number
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>
}

/** Another request with the same key has been faster. */
export class AnsweredBefore extends Error {
  override readonly name = 'AnsweredBefore'
}

/** Keeps the answers to requests that made something; encrypted, for they may hold a new key. */
export function createIdempotency({ db, clock, keyring }: IdempotencyServiceNeeds) {
  const digestOf = ({ caller, key }: Asked): string =>
    keyring.mac('idempotency', `${caller} ${key}`)
  const fingerprintOf = ({ request }: Asked): string => keyring.mac('idempotency', request)
  const placeOf = (digest: string): string => `idempotency ${digest}`

  return {
    /** The answer of the last day to the same request, or null. Throws invalid for another request. */
    async find(asked: Asked): Promise<StoredAnswer | null> {
      const digest = digestOf(asked)
      const row = await findIdempotencyKey(db, digest)
      if (!row || row.created_at <= clock.now() - IDEMPOTENCY_MS) return null
      if (row.fingerprint !== fingerprintOf(asked)) {
        throw new GatewayError(
          'invalid',
          'Idempotency-Key: it was used for another request; take a new one for each',
        )
      }
      return JSON.parse(keyring.open(row.sealed_answer, placeOf(digest))) as StoredAnswer
    },

    /** Runs a change and keeps its answer in one transaction. Throws AnsweredBefore. */
    transact:
      (asked: Asked, answerOf: (result: unknown) => StoredAnswer): Transact =>
      (act) =>
        db.transaction().execute(async (tx) => {
          const digest = digestOf(asked)
          const row = { digest, fingerprint: fingerprintOf(asked), created_at: clock.now() }
          // Waits for whoever is about to do the same, and fails when they have done it.
          await insertIdempotencyKey(tx, row, clock.now() - IDEMPOTENCY_MS).catch((err) => {
            throw databaseFault(err) === 'unique' ? new AnsweredBefore() : err
          })
          const result = await act(tx)
          const answer = JSON.stringify(answerOf(result))
          await updateIdempotencyKey(tx, digest, keyring.seal(answer, placeOf(digest)))
          return result
        }),
  }
}

export type Idempotency = ReturnType<typeof createIdempotency>
