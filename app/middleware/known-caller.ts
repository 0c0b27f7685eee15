import type { MiddlewareHandler } from 'hono'
import type { Principal } from '../domain/grant.ts'
import { type FreshRightsNeeds, freshRights } from './fresh-rights.ts'
import { type IpShieldNeeds, ipShield } from './ip-shield.ts'
import { type KeyLookupNeeds, keyLookup, type PrincipalEnv, presentedKey } from './key-lookup.ts'

export interface KnownCallerNeeds extends IpShieldNeeds, KeyLookupNeeds, FreshRightsNeeds {}

export interface CallerEnv extends PrincipalEnv {
  Variables: PrincipalEnv['Variables'] & {
    /** Who has shown a credential that is good; left out for strangers, who have no principal either. */
    caller?: Principal
  }
}

/**
 * For what anybody may read and some see more of: finds out who is calling when they show a credential.
 * One that is not good is refused as everywhere, and counts as a failed attempt; who shows none is neither
 * looked up nor held back for what others at their address did.
 */
export const knownCaller = (needs: KnownCallerNeeds): MiddlewareHandler<CallerEnv> => {
  const lookUp = ipShield(needs, keyLookup(needs))
  const refresh = freshRights(needs)
  return async function knownCaller(c, next) {
    if (showsCredential(c.req.raw, needs.acceptsKeyInPath)) {
      await lookUp(c, nothing)
      await refresh(c, nothing)
      c.set('caller', c.get('principal'))
    }
    await next()
  }
}

const nothing = async (): Promise<void> => {}

/** True as well for what can't be one: it is refused where failures are counted. */
function showsCredential(request: Request, acceptsKeyInPath: boolean): boolean {
  try {
    return presentedKey(request, acceptsKeyInPath) !== null
  } catch {
    return true
  }
}
