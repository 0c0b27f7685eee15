import { namesOf } from '../app/gateway-names.ts'
import { GATEWAYS } from '../app/gateways/registry.ts'

/** The names of all gateways, as commands take them and show them. */
export const GATEWAY_NAMES: readonly string[] = namesOf(GATEWAYS)
