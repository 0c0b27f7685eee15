import type { Gateway } from './gateways/gateway.ts'
import type { GatewayPlace } from './services/gateway-view.ts'

/** The names of gateways and where they are, in their order. */
export const placesOf = (gateways: readonly Gateway[]): readonly GatewayPlace[] =>
  gateways.map(({ name, basePath }) => ({ name, path: basePath }))

/** Their names alone. */
export const namesOf = (gateways: readonly Gateway[]): readonly string[] =>
  placesOf(gateways).map(({ name }) => name)

/** The operations that have a model work, as the ledger calls them; the others count against no limit. */
export const workingOperations = (gateways: readonly Gateway[]): readonly string[] => [
  ...new Set(
    gateways.flatMap(({ operations }) =>
      operations.flatMap(({ name, isWork }) => (isWork ? [name] : [])),
    ),
  ),
]
