import type { MiddlewareHandler } from 'hono'
import type { GatewaySettings } from '../domain/gateway-settings.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { PrincipalEnv } from './key-lookup.ts'

export interface GatewaySettingsNeeds {
  /** What is decided about a gateway, from memory; rejects when it has to be read and can't be. */
  readonly settingsOf: (gateway: string) => GatewaySettings | Promise<GatewaySettings>
}

export interface GatewayOpenNeeds extends GatewaySettingsNeeds {
  /** Asks the database whether anything was changed, and makes it hold here. */
  readonly lookForChanges: () => Promise<void>
}

/**
 * Refuses with 503 what is sent to a gateway that is switched off. That it is on is asked again at
 * admission; that it is off has to be sure here, since another process may just have switched it on.
 */
export const gatewayOpen = (
  { settingsOf, lookForChanges }: GatewayOpenNeeds,
  gateway: string,
): MiddlewareHandler<PrincipalEnv> =>
  async function gatewayOpen(_c, next) {
    if (!(await settingsOf(gateway)).enabled) {
      await lookForChanges()
      refuseDisabled(await settingsOf(gateway), gateway)
    }
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
