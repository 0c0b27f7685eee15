import type { Db } from '../db/client.ts'
import { StartupError } from './errors/startup-error.ts'
import { namesOf } from './gateway-names.ts'
import type { Gateway } from './gateways/gateway.ts'
import { createGatewaySettings, type GatewaySettingsCache } from './services/gateway-settings.ts'
import { unknownName } from './services/known-names.ts'
import type { Config } from './settings.ts'

/** What is decided about the gateways that this process serves. */
export const openGateways = (
  config: Pick<Config, 'gateways'>,
  db: Db,
  gateways: readonly Gateway[],
): GatewaySettingsCache =>
  createGatewaySettings({ db, names: namesOf(gateways), fromFile: config.gateways })

/** Throws a StartupError when the configuration is about a gateway that does not exist. */
export function requireKnownGateways(
  { gateways: configured }: Pick<Config, 'gateways'>,
  gateways: readonly Gateway[],
): void {
  const names = namesOf(gateways)
  const unknown = Object.keys(configured).find((name) => !names.includes(name))
  if (unknown === undefined) return
  throw new StartupError(
    `configuration: gateways.${unknown}: ${unknownName('gateway', unknown, names)}`,
  )
}
