import type { MiddlewareHandler } from 'hono'
import { INVALID_TOKEN, unauthorized } from '../auth/credential.ts'
import { mayUseModel, type Principal } from '../domain/grant.ts'
import type { Permission } from '../domain/role.ts'
import { type GatewaySettingsNeeds, refuseDisabled } from './gateway-open.ts'
import type { PrincipalEnv } from './key-lookup.ts'
import { modelNotFound } from './model-access.ts'
import { refuseLacking } from './role.ts'
import type { AllowanceEnv } from './token-bucket.ts'

export interface FreshRightsNeeds {
  /** The newest revision that anybody has announced, or null when that can't be told. */
  readonly latestRevision: () => Promise<number | null>
  /** Makes sure that this process has seen that revision. */
  readonly catchUp: (revision: number) => Promise<void>
  /** Whether nothing has changed since the principal was read. */
  readonly isCurrent: (principal: Principal) => boolean
  /** Reads the principal again, past all caches; null when nothing is left of the credential. */
  readonly reload: (principal: Principal) => Promise<Principal | null>
}

/** Reads the rights again that others have changed, before anything is decided by them. */
export const freshRights = (needs: FreshRightsNeeds): MiddlewareHandler<PrincipalEnv> =>
  async function freshRights(c, next) {
    const principal = await freshPrincipal(needs, c.get('principal'))
    if (principal) c.set('principal', principal)
    await next()
  }

export interface StillAllowedNeeds extends FreshRightsNeeds, GatewaySettingsNeeds {}

/**
 * The same for a request whose limits were asked: their store knows the newest revision, so that it
 * takes no further question. Who may no longer have what they asked for is refused and pays nothing; so is
 * everybody when the gateway was switched off meanwhile.
 */
export const stillAllowed = <Body>(
  needs: StillAllowedNeeds,
  {
    gateway,
    permissions,
  }: { readonly gateway: string; readonly permissions: readonly Permission[] },
): MiddlewareHandler<AllowanceEnv<Body>> =>
  async function stillAllowed(c, next) {
    const { revision, settle } = c.get('allowance')
    try {
      const principal = await freshPrincipal(needs, c.get('principal'), revision)
      if (principal) {
        refuseLacking(principal, permissions)
        const model = c.get('placement')?.model
        const asked = c.get('askedModel') ?? ''
        if (model && !mayUseModel(principal, model)) throw modelNotFound(asked)
        c.set('principal', principal)
      }
      refuseDisabled(await needs.settingsOf(gateway), gateway)
    } catch (err) {
      settle?.({ requests: 0, tokens: 0, computeMs: 0 })
      throw err
    }
    await next()
  }

/** Null when nothing has changed. Throws 401 when nothing is left of the credential. */
async function freshPrincipal(
  { latestRevision, catchUp, isCurrent, reload }: FreshRightsNeeds,
  principal: Principal,
  known?: number,
): Promise<Principal | null> {
  const revision = known ?? (await latestRevision())
  if (revision !== null) await catchUp(revision)
  // It may have been read before a change that this process has seen in the meantime.
  if (isCurrent(principal)) return null
  const now = await reload(principal)
  if (!now) throw unauthorized(INVALID_TOKEN)
  return now
}
