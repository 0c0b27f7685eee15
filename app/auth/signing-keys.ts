import { errors, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import type { Db } from '../../db/client.ts'
import { listSigningKeys } from '../../db/queries/signing-keys.ts'
import type { SigningKeysTable } from '../../db/schema.ts'
import type { Clock } from '../domain/clock.ts'
import { SIGNING_KEY_FORGOTTEN_MS, signingKeyAt } from '../domain/signing-key.ts'
import type { Keyring } from './secrets.ts'

const ALGORITHM = 'EdDSA'
/** How often a key that nobody knows is looked for in the database at most, in ms. */
const LOOK_AGAIN_MS = 1000

export interface SigningKeysNeeds {
  readonly db: Db
  readonly keyring: Pick<Keyring, 'open'>
  readonly clock: Clock
}

export interface SigningKeys {
  /** The key that signs at the moment. Throws when there is none. */
  current(): Promise<{ readonly id: string; readonly privateKey: CryptoKey }>
  /** Whether there is a key of that name. */
  has(id: string): Promise<boolean>
  /** The public key of that name. Throws a JOSEError when there is none. */
  find(id: string): Promise<CryptoKey>
  /** All that anybody may need to check a token, the next one included: a JWK Set (RFC 7517). */
  published(): Promise<{ readonly keys: readonly JWK[] }>
  /** Reads them again when one is needed: an administrator may have taken one away. */
  forget(): void
}

/** A new pair of keys as a row; it signs from then on. */
export async function makeSigningKey(
  { keyring, id }: { readonly keyring: Pick<Keyring, 'seal'>; readonly id: string },
  times: { readonly createdAt: number; readonly signsFrom: number },
): Promise<SigningKeysTable> {
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { extractable: true })
  const describe = { kid: id, alg: ALGORITHM, use: 'sig' }
  return {
    id,
    public_jwk: JSON.stringify({ ...(await exportJWK(publicKey)), ...describe }),
    sealed_private_jwk: keyring.seal(JSON.stringify(await exportJWK(privateKey)), placeOf(id)),
    created_at: times.createdAt,
    signs_from: times.signsFrom,
  }
}

/** The signing keys as the database has them; read again when a token names one that is not known. */
export function createSigningKeys({ db, keyring, clock }: SigningKeysNeeds): SigningKeys {
  let known: readonly SigningKeysTable[] = []
  let readAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | null = null
  let forgotten = 0
  const imported = new Map<string, Promise<CryptoKey>>()

  /** Once for all who ask at the same time, and not again so soon. */
  const read = async (): Promise<void> => {
    if (reading === null && clock.now() < readAt + LOOK_AGAIN_MS) return
    reading ??= readOnce(forgotten).finally(() => {
      reading = null
    })
    await reading
  }

  /** What was asked for before everything was forgotten may hold what is no longer there. */
  const readOnce = async (asOf: number): Promise<void> => {
    const rows = await listSigningKeys(db)
    if (asOf !== forgotten) return await readOnce(forgotten)
    known = rows
    readAt = clock.now()
  }

  const row = async (id: string): Promise<SigningKeysTable | undefined> => {
    const find = () => known.find((key) => key.id === id)
    if (!find()) await read()
    return find()
  }

  const importOnce = (name: string, jwk: () => string): Promise<CryptoKey> => {
    const key =
      imported.get(name) ?? (importJWK(JSON.parse(jwk()), ALGORITHM) as Promise<CryptoKey>)
    imported.set(name, key)
    return key
  }

  return {
    async current() {
      // Another key may sign by now, and another server may have made it.
      if (!signingKeyAt(known, clock.now()) || clock.now() > readAt + SIGNING_KEY_FORGOTTEN_MS) {
        await read()
      }
      const key = signingKeyAt(known, clock.now())
      if (!key) throw new Error('there is no key to sign access tokens with')
      const jwk = () => keyring.open(key.sealed_private_jwk, placeOf(key.id))
      return { id: key.id, privateKey: await importOnce(`private ${key.id}`, jwk) }
    },

    has: async (id) => (await row(id)) !== undefined,

    async find(id) {
      const key = await row(id)
      if (!key) throw new errors.JWKSNoMatchingKey()
      return await importOnce(`public ${id}`, () => key.public_jwk)
    },

    async published() {
      await read()
      return { keys: known.map(({ public_jwk }) => JSON.parse(public_jwk) as JWK) }
    },

    forget() {
      forgotten++
      known = []
      readAt = Number.NEGATIVE_INFINITY
    },
  }
}

const placeOf = (id: string): string => `signing-key ${id}`
