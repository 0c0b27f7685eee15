import { type GatewayState, gatewayState } from '../../../app/domain/gateway-state.ts'
import type { GatewayMetrics } from '../../../app/services/gateway-metrics.ts'
import type { GatewayView } from '../../../app/services/gateway-view.ts'
import type { Column } from '../../table.ts'

/** How a gateway is shown, in a list or alone. */
export const gatewayColumns: readonly Column<GatewayView>[] = [
  { header: 'gateway', value: ({ name }) => name },
  { header: 'path', value: ({ path }) => path },
  { header: 'state', value: stateOf },
  { header: 'default model', value: ({ defaultModel }) => defaultModel },
  { header: 'aliases', value: ({ aliases }) => aliases.length },
]

/** In a word, as far as it is decided: no host was asked. */
export function stateOf({ enabled }: Pick<GatewayView, 'enabled'>): GatewayState {
  return gatewayState(enabled, null)
}

/** How it is shown what went through a gateway. */
export const activityColumns: readonly Column<GatewayMetrics>[] = [
  { header: 'requests', value: ({ requests }) => requests },
  { header: 'per second', value: ({ requestsPerSecond }) => requestsPerSecond },
  { header: 'failed', value: ({ failed }) => failed },
  { header: 'first ms', value: (row) => row.meanFirstTokenMs ?? '-', align: 'right' },
  { header: 'total ms', value: (row) => row.meanTotalMs ?? '-', align: 'right' },
]
