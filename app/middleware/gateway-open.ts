import type { MiddlewareHandler } from 'hono'
import type { GatewaySettings } from '../domain/gateway-settings.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { PrincipalEnv } from './key-lookup.ts'

export interface GatewayOpenNeeds {
  /** What is decided about a gateway, from memory; rejects when it has to be read and can't be. */
  readonly settingsOf: (gateway: string) => GatewaySettings | Promise<GatewaySettings>
}

/** Refuses with 503 what is sent to a gateway that is switched off. */
export const gatewayOpen = (
  { settingsOf }: GatewayOpenNeeds,
  gateway: string,
): MiddlewareHandler<PrincipalEnv> =>
  async function gatewayOpen(_c, next) {
    refuseDisabled(await settingsOf(gateway), gateway)
    await next()
  }

/** Throws 503 for a gateway that is switched off; clients are told not to try again. */
export function refuseDisabled({ enabled }: GatewaySettings, gateway: string): void {
  if (enabled) return
  throw new GatewayError(
    'gateway_disabled',
    `the gateway ${gateway} is switched off at the moment; ask an administrator`,
    { headers: { 'x-should-retry': 'false' } },
  )
}
