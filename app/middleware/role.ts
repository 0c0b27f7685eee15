import type { MiddlewareHandler } from 'hono'
import { CHALLENGE } from '../auth/credential.ts'
import { type Grant, isPermitted } from '../domain/grant.ts'
import type { Permission } from '../domain/role.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { PrincipalEnv } from './key-lookup.ts'

/** Lets through who has all of the permissions; refuses the others with 403, naming the one they lack. */
export const role = (permissions: readonly Permission[]): MiddlewareHandler<PrincipalEnv> =>
  async function role(c, next) {
    refuseLacking(c.get('principal'), permissions)
    await next()
  }

/** Throws 403 that names the first of the permissions that is not there. */
export function refuseLacking(grant: Grant, permissions: readonly Permission[]): void {
  const missing = permissions.find((permission) => !isPermitted(grant, permission))
  if (!missing) return
  throw new GatewayError(
    'forbidden',
    `this takes the permission ${missing}, which your key does not have; ask an administrator`,
    { headers: { 'www-authenticate': `${CHALLENGE}, error="insufficient_scope"` } },
  )
}
