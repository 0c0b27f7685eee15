import {
  deleteSigningKeys,
  insertSigningKey,
  listSigningKeys,
} from '../../db/queries/signing-keys.ts'
import type { SigningKeysTable } from '../../db/schema.ts'
import type { Keyring } from '../auth/secrets.ts'
import { makeSigningKey } from '../auth/signing-keys.ts'
import {
  nextSigningKeyFrom,
  SIGNING_KEY_FORGOTTEN_MS,
  SIGNING_KEY_HURRY_MS,
  type SigningKeyState,
  signingKeyState,
} from '../domain/signing-key.ts'
import { type Actor, SYSTEM } from './actor.ts'
import { requireEverything } from './authority.ts'
import { type ChangeNeeds, change } from './change.ts'

/** How far the clocks of two servers may be apart, in ms. */
const LEEWAY_MS = 30_000

export interface SigningKeyRotationNeeds extends ChangeNeeds {
  readonly keyring: Pick<Keyring, 'seal'>
  /** How long an access token is good, in whole seconds. */
  readonly lifetimeS: number
  /** How long a request can take; as long as it runs, the token that it came with is looked at again. */
  readonly longestRequestMs: number
}

/** A key that signs access tokens, without its secret part. Times are epoch ms. */
export interface SigningKey {
  /** The `kid` of what it signs. */
  readonly id: string
  readonly state: SigningKeyState
  readonly createdAt: number
  readonly signsFrom: number
}

/** Another server has done it meanwhile. */
class NothingToDo extends Error {
  override readonly name = 'NothingToDo'
}

/** How the keys that sign access tokens come and go. */
export function createSigningKeyRotation(needs: SigningKeyRotationNeeds) {
  const { db, clock, newId, keyring, lifetimeS, longestRequestMs } = needs
  /** A server may sign for so long with a key that was replaced, and what it signed is needed so long. */
  const keepMs = lifetimeS * 1000 + LEEWAY_MS + SIGNING_KEY_FORGOTTEN_MS + longestRequestMs

  return {
    /**
     * Makes the first key, or the next one a day before it signs, and deletes those that nobody needs
     * any more. Of several servers that do so at the same time, one does.
     */
    async ensure(): Promise<void> {
      if (!isDue(await listSigningKeys(db))) return
      const key = await newKey()
      const act = { actor: SYSTEM, action: 'signing-key.ensure', target: key.id }
      await change(needs, act, async (tx) => {
        const keys = await listSigningKeys(tx)
        if (!isDue(keys)) throw new NothingToDo()
        const gone = goneOf(keys)
        await deleteSigningKeys(tx, gone)
        const now = clock.now()
        const from = nextSigningKeyFrom(keys, now)
        if (from === null) return { result: undefined, detail: { made: null, deleted: gone } }
        const signsFrom = keys.length === 0 ? atOnce(now) : from
        await insertSigningKey(tx, { ...key, created_at: now, signs_from: signsFrom })
        return { result: undefined, detail: { made: key.id, signsFrom, deleted: gone } }
      }).catch((err: unknown) => {
        if (!(err instanceof NothingToDo)) throw err
      })
    },

    /**
     * Makes a key that signs in a few seconds, when all servers have it. What the others have signed
     * stays good, unless `revokeOld`: then they are gone, and all access tokens with them, at once.
     * Throws forbidden for who may not do everything: the tokens are everybody's.
     */
    async rotate(
      actor: Actor,
      { revokeOld = false }: { readonly revokeOld?: boolean | undefined } = {},
    ): Promise<SigningKey> {
      const key = await newKey()
      const act = { actor, action: 'signing-key.rotate', target: key.id }
      return await change(needs, act, async (tx) => {
        requireEverything(actor)
        const keys = await listSigningKeys(tx)
        const deleted = revokeOld ? keys.map(({ id }) => id) : goneOf(keys)
        await deleteSigningKeys(tx, deleted)
        const now = clock.now()
        const isOnly = revokeOld || keys.length === 0
        const signsFrom = isOnly ? atOnce(now) : now + SIGNING_KEY_HURRY_MS
        const made = { ...key, created_at: now, signs_from: signsFrom }
        await insertSigningKey(tx, made)
        const rest = keys.filter(({ id }) => !deleted.includes(id))
        return { result: view(made, [...rest, made]), detail: { revokeOld, signsFrom, deleted } }
      })
    },

    /** All keys, the oldest first. */
    async list(): Promise<SigningKey[]> {
      const keys = await listSigningKeys(db)
      return keys.map((key) => view(key, keys))
    },
  }

  async function newKey(): Promise<SigningKeysTable> {
    const now = clock.now()
    return await makeSigningKey({ keyring, id: newId() }, { createdAt: now, signsFrom: now })
  }

  function isDue(keys: readonly SigningKeysTable[]): boolean {
    return nextSigningKeyFrom(keys, clock.now()) !== null || goneOf(keys).length > 0
  }

  function goneOf(keys: readonly SigningKeysTable[]): string[] {
    const now = clock.now()
    return keys
      .filter((key) => signingKeyState(key, keys, now, keepMs) === 'gone')
      .map(({ id }) => id)
  }

  function view(key: SigningKeysTable, keys: readonly SigningKeysTable[]): SigningKey {
    const state = signingKeyState(key, keys, clock.now(), keepMs)
    return { id: key.id, state, createdAt: key.created_at, signsFrom: key.signs_from }
  }
}

/** Where no other key signs, by the clock of any server. */
const atOnce = (now: number): number => now - LEEWAY_MS
