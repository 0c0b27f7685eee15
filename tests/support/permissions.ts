import { allPermissions } from '../../app/domain/role.ts'
import { namesOf, workingOperations } from '../../app/gateway-names.ts'
import { GATEWAYS } from '../../app/gateways/registry.ts'

/** The names of all gateways. */
export const GATEWAY_NAMES = namesOf(GATEWAYS)

/** Everything that can be permitted. */
export const PERMISSIONS = allPermissions(GATEWAY_NAMES)

/** The operations that have a model work. */
export const WORKING_OPERATIONS = workingOperations(GATEWAYS)
