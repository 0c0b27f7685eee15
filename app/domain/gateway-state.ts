/** How a gateway is: on, switched off, or on with no host that could answer through it. */
export type GatewayState = 'active' | 'disabled' | 'unavailable'

/** How a gateway is while so many hosts are up; null where nobody has asked them. */
export function gatewayState(isEnabled: boolean, hostsUp: number | null): GatewayState {
  if (!isEnabled) return 'disabled'
  return hostsUp === 0 ? 'unavailable' : 'active'
}
