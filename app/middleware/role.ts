import type { MiddlewareHandler } from 'hono'
import { CHALLENGE } from '../auth/credential.ts'
import { isPermitted } from '../domain/grant.ts'
import type { Permission } from '../domain/role.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { PrincipalEnv } from './key-lookup.ts'

/** Lets through who has all of the permissions; refuses the others with 403, naming the one they lack. */
export const role = (permissions: readonly Permission[]): MiddlewareHandler<PrincipalEnv> =>
  async function role(c, next) {
    const missing = permissions.find((permission) => !isPermitted(c.get('principal'), permission))
    if (missing) {
      throw new GatewayError(
        'forbidden',
        `this takes the permission ${missing}, which your key does not have; ask an administrator`,
        { headers: { 'www-authenticate': `${CHALLENGE}, error="insufficient_scope"` } },
      )
    }
    await next()
  }
