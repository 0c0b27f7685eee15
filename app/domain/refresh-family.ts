/** A login and the refresh tokens that came of it, one from another. Times are epoch ms. */
export interface RefreshFamily {
  /** How often the token was rotated. The token of this generation is the one that is live. */
  readonly generation: number
  readonly rotatedAt: number
  /** When it ends unless it is used before. */
  readonly idleExpiresAt: number
  /** When it ends in any case. */
  readonly expiresAt: number
  readonly revokedAt: number | null
}

export interface RefreshTerms {
  /** How long a family lives that nobody uses, in ms. */
  readonly idleMs: number
  /** How long after a rotation the token before it still gets the same successor, in ms. */
  readonly graceMs: number
}

/** What becomes of a token that is presented. */
export type Presentation =
  /** It is the live one: `next` is the family from now on. */
  | { readonly verdict: 'rotate'; readonly next: RefreshFamily }
  /** Its answer may have been lost a moment ago: it gets the live token once more. */
  | { readonly verdict: 'repeat' }
  /** It was used up: somebody else may have it, and nobody can tell who is the owner. */
  | { readonly verdict: 'reuse' }
  /** The family is over. */
  | { readonly verdict: 'ended' }

/**
 * Decides about a genuine token of a generation (RFC 9700 §4.14.2): the live one is rotated, its
 * immediate predecessor gets the same successor for a moment, any other ends the family.
 */
export function present(
  family: RefreshFamily,
  generation: number,
  now: number,
  { idleMs, graceMs }: RefreshTerms,
): Presentation {
  if (family.revokedAt !== null) return { verdict: 'ended' }
  if (now >= family.expiresAt || now >= family.idleExpiresAt) return { verdict: 'ended' }
  if (generation === family.generation) {
    const idleExpiresAt = Math.min(now + idleMs, family.expiresAt)
    return {
      verdict: 'rotate',
      next: { ...family, generation: generation + 1, rotatedAt: now, idleExpiresAt },
    }
  }
  const isPredecessor = generation === family.generation - 1
  return { verdict: isPredecessor && now < family.rotatedAt + graceMs ? 'repeat' : 'reuse' }
}
