import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose'
import type { Clock } from '../domain/clock.ts'
import type { SigningKeys } from './signing-keys.ts'

const ALGORITHM = 'EdDSA'
const TYPE = 'at+jwt'
/** How far the clocks of two servers may be apart, in seconds. */
const LEEWAY_S = 30
/** No token of ours is longer, in characters. */
const MAX_LENGTH = 1024
const HEADER = ['alg', 'kid', 'typ']
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/

export interface AccessTokenNeeds {
  readonly keys: SigningKeys
  readonly clock: Clock
  readonly newId: () => string
  /** Who issues the tokens, and whom they are for. */
  readonly issuer: string
  /** How long a token is good, in whole seconds. */
  readonly lifetimeS: number
}

/** What a token says about its bearer. What they may do it does not say: that is looked up. */
export interface AccessClaims {
  readonly sessionId: string
  /** Of the session; all tokens of an earlier one are dead. */
  readonly version: number
  /** The name of the key that has signed it; without that key it is worth nothing. */
  readonly signedBy: string
  /** In epoch ms. */
  readonly expiresAt: number
}

export interface AccessTokens {
  /** A JWT as RFC 9068 has it, signed with Ed25519. */
  issue(
    bearer: { readonly userId: string } & Omit<AccessClaims, 'expiresAt' | 'signedBy'>,
  ): Promise<string>
  /** What a genuine token says that has not expired; null for anything else. */
  read(token: string): Promise<AccessClaims | null>
  /** In whole seconds. */
  readonly lifetimeS: number
}

/** Whether it has the form of a token, and is no longer than one of ours can be. */
export const looksLikeToken = (text: string): boolean =>
  text.length <= MAX_LENGTH && COMPACT.test(text)

/**
 * Issues and reads access tokens. There is one algorithm, and nothing in a token can choose the key or
 * where it comes from: a header holds `alg`, `kid` and `typ` and nothing else (RFC 8725 §3).
 */
export function createAccessTokens(needs: AccessTokenNeeds): AccessTokens {
  const { keys, clock, newId, issuer, lifetimeS } = needs

  return {
    lifetimeS,

    async issue({ userId, sessionId, version }) {
      const { id, privateKey } = await keys.current()
      const now = Math.floor(clock.now() / 1000)
      return await new SignJWT({ sid: sessionId, ver: version, client_id: issuer })
        .setProtectedHeader({ alg: ALGORITHM, kid: id, typ: TYPE })
        .setIssuer(issuer)
        .setAudience(issuer)
        .setSubject(userId)
        .setJti(newId())
        .setIssuedAt(now)
        .setExpirationTime(now + lifetimeS)
        .sign(privateKey)
    },

    async read(token) {
      if (!isPlain(token)) return null
      try {
        const { payload, protectedHeader } = await jwtVerify(
          token,
          ({ kid = '' }) => keys.find(kid),
          {
            algorithms: [ALGORITHM],
            typ: TYPE,
            issuer,
            audience: issuer,
            requiredClaims: ['sub', 'jti', 'iat', 'exp', 'sid', 'ver'],
            clockTolerance: LEEWAY_S,
            // With it `iat` is looked at too: neither older than a token gets, nor in the future.
            maxTokenAge: lifetimeS,
            currentDate: new Date(clock.now()),
          },
        )
        const { sid, ver, exp, iat } = payload
        if (typeof sid !== 'string' || !Number.isSafeInteger(ver) || !Number.isSafeInteger(exp)) {
          return null
        }
        if (Number(exp) > Number(iat) + lifetimeS) return null
        const expiresAt = (Number(exp) + LEEWAY_S) * 1000
        const signedBy = protectedHeader.kid ?? ''
        return { sessionId: sid, version: Number(ver), signedBy, expiresAt }
      } catch (err) {
        if (err instanceof errors.JOSEError) return null
        throw err
      }
    },
  }
}

/** Whether it is in the one form in which we write tokens, with nothing more in its header. */
function isPlain(token: string): boolean {
  if (!looksLikeToken(token)) return false
  const parts = token.split('.')
  if (!parts.every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)) {
    return false
  }
  try {
    return Object.keys(decodeProtectedHeader(token)).sort().join() === HEADER.join()
  } catch {
    return false
  }
}
