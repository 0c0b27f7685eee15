import type { MiddlewareHandler } from 'hono'
import type { ClientAddress } from './client-address.ts'
import { type PrincipalEnv, presentedKey } from './key-lookup.ts'
import type { Shield } from './shield.ts'

export interface IpShieldNeeds {
  readonly shield: Pick<Shield, 'attempt'>
  readonly clientAddress: ClientAddress
  /** Whether the key was good when it was last looked up; without asking the database. */
  readonly knowsKey: (apiKey: string) => boolean
  readonly acceptsKeyInPath: boolean
}

/**
 * Lets an address have its keys looked up, by the middleware `lookup`, until it has failed too often;
 * then refuses it with 429. Only the look-up is watched, not what follows: a 401 in the middle of an
 * answer is no failed attempt, and a place is taken only while the key is not decided.
 */
export const ipShield = (
  { shield, clientAddress, knowsKey, acceptsKeyInPath }: IpShieldNeeds,
  lookup: MiddlewareHandler<PrincipalEnv>,
): MiddlewareHandler<PrincipalEnv> =>
  async function ipShield(c, next) {
    const address = clientAddress(c.env.peerAddress(), c.req.raw.headers)
    const isKnown = (): boolean => {
      const key = readable(() => presentedKey(c.req.raw, acceptsKeyInPath))
      return key !== null && knowsKey(key)
    }
    await shield.attempt(address, isKnown, () => lookup(c, async () => {}))
    await next()
  }

/** Null as well for credentials that are refused however they are looked at. */
function readable(read: () => string | null): string | null {
  try {
    return read()
  } catch {
    return null
  }
}
