import { GATEWAY_NAMES } from '../../gateways.ts'

/** Which gateway. */
export const gatewayArg = {
  type: 'positional',
  description: `the gateway (${GATEWAY_NAMES.join(', ')})`,
} as const
