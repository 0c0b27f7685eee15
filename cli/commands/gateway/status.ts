import { gatewayState } from '../../../app/domain/gateway-state.ts'
import { hostHealth } from '../../../app/host-health.ts'
import type { GatewayMetrics } from '../../../app/services/gateway-metrics.ts'
import type { GatewayView } from '../../../app/services/gateway-view.ts'
import { type BackendHealth, hostsUp } from '../../../app/upstream/health.ts'
import { configFor, withAdminOf } from '../../admin.ts'
import { command } from '../../command.ts'
import { type Column, table } from '../../table.ts'
import { gatewayArg } from './arg.ts'
import { activityColumns } from './columns.ts'

const MINUTES = 60

type Row = Pick<GatewayView, 'name' | 'path' | 'enabled'> & GatewayMetrics

const columnsWhile = (up: number): readonly Column<Row>[] => [
  { header: 'gateway', value: ({ name }) => name },
  { header: 'state', value: ({ enabled }) => gatewayState(enabled, up) },
  ...activityColumns,
]

const hostColumns: readonly Column<BackendHealth>[] = [
  { header: 'host', value: ({ name }) => name },
  { header: 'status', value: ({ status }) => status },
  { header: 'version', value: ({ version }) => version },
  { header: 'models', value: ({ models }) => models },
  { header: 'ms', value: ({ latencyMs }) => latencyMs },
]

export const gatewayStatus = command({
  meta: {
    name: 'status',
    description: 'Show what went through the gateways in the last hour, and whether hosts answer',
  },
  args: { gateway: { ...gatewayArg, required: false } },
  async run({ args, io, out }) {
    const config = configFor(args)
    const [gateways, hosts] = await Promise.all([
      withAdminOf(config, async (admin) => {
        const { gateway } = args
        const views =
          gateway === undefined ? await admin.gateways.list() : [await admin.gateways.info(gateway)]
        const names = views.map(({ name }) => name)
        const metrics = await admin.gateways.metrics(names, { minutes: MINUTES })
        return views.flatMap(({ name, path, enabled }, i) => {
          const found = metrics[i]
          return found ? [{ name, path, enabled, ...found }] : []
        })
      }),
      hostHealth(config),
    ])
    if (args.json) {
      out.record({ gateways: gateways.map(({ gateway: _, ...row }) => row), hosts })
      return
    }
    out.list(gateways, columnsWhile(hostsUp(hosts)), { empty: 'There are no gateways.' })
    const width = io.stdout.isTTY ? io.stdout.columns : undefined
    out.message(`\n${table(hosts, hostColumns, width).trimEnd()}`)
  },
})
