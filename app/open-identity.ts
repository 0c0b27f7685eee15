import type { Db } from '../db/client.ts'
import { createBounded } from '../db/deadline.ts'
import { newId } from '../db/ids.ts'
import { createAccessTokens } from './auth/access-token.ts'
import { createPrincipalLoader } from './auth/principal-loader.ts'
import type { Keyring } from './auth/secrets.ts'
import { createSigningKeys } from './auth/signing-keys.ts'
import { createVerifier } from './auth/verifier.ts'
import { systemClock } from './domain/clock.ts'
import type { Config } from './settings.ts'

/** How long the database may take to answer a request's question, in ms. */
const READ_TIMEOUT_MS = 2000
/** How many such questions may be out at a time. */
const MAX_READS = 200

/** How callers are known: by the keys and tokens that they send. */
export function openIdentity(config: Config, db: Db, keyring: Keyring) {
  const clock = systemClock
  const reading = createBounded(READ_TIMEOUT_MS, MAX_READS)
  const signingKeys = createSigningKeys({ db, keyring, clock })
  const load = createPrincipalLoader({ db, clock, isSigner: signingKeys.has })
  const accessTokens = createAccessTokens({
    keys: signingKeys,
    clock,
    newId,
    issuer: config.tokenIssuer,
    lifetimeS: config.accessTokenMinutes * 60,
  })
  const verifier = createVerifier({
    keyring,
    clock,
    load: (credential) => reading(() => load(credential)),
    readToken: (token) => reading(() => accessTokens.read(token)),
  })
  return { keyring, signingKeys, accessTokens, verifier }
}

export type Identity = ReturnType<typeof openIdentity>
