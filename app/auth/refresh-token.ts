import { timingSafeEqual } from 'node:crypto'
import {
  fieldsOf,
  fromBase62,
  ID_LENGTH,
  SECRET_LENGTH,
  secretPattern,
  toBase62,
  withChecksum,
} from '../domain/secret-text.ts'
import type { Keyring } from './secrets.ts'

const GENERATION_LENGTH = 6
const PATTERN = secretPattern('plr_', ID_LENGTH, GENERATION_LENGTH, SECRET_LENGTH)

/** What a refresh token is made from. */
export interface TokenOrigin {
  readonly sessionId: string
  /** Random, from the session's row: it takes that and the master secret to make a token. */
  readonly salt: string
  readonly generation: number
}

/** A well-formed token; whether it is genuine only the salt of its session tells. */
export interface PresentedToken {
  readonly sessionId: string
  readonly generation: number
  /** Whether we have made it, in constant time. */
  isGenuine(salt: string): boolean
}

/**
 * Refresh tokens carry their session and generation in the open and prove them with a MAC: nothing of
 * them is stored, the same successor can be given twice, and a token that was used up is told from one
 * that somebody has made up, who must not be able to end a session with it.
 */
export function createRefreshTokens({ mac }: Pick<Keyring, 'mac'>) {
  const secretOf = ({ sessionId, salt, generation }: TokenOrigin): string => {
    const proof = mac('refresh-token', `${sessionId} ${salt} ${generation}`)
    return toBase62(BigInt(`0x${proof}`), SECRET_LENGTH)
  }

  return {
    /** Always the same token for the same origin. */
    mint(origin: TokenOrigin): string {
      const generation = toBase62(BigInt(origin.generation), GENERATION_LENGTH)
      return withChecksum(`plr_${origin.sessionId}${generation}${secretOf(origin)}`)
    },

    /** Null for what can't be a token. */
    read(text: string): PresentedToken | null {
      const [sessionId, digits, secret] = fieldsOf(text, PATTERN) ?? []
      if (!sessionId || !digits || !secret) return null
      const generation = fromBase62(digits)
      return {
        sessionId,
        generation,
        isGenuine: (salt) =>
          timingSafeEqual(
            Buffer.from(secret),
            Buffer.from(secretOf({ sessionId, salt, generation })),
          ),
      }
    },
  }
}

export type RefreshTokens = ReturnType<typeof createRefreshTokens>
