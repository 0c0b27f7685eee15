import { type GatewayMetrics, MAX_MINUTES } from '../../../app/services/gateway-metrics.ts'
import { withAdmin } from '../../admin.ts'
import { integer } from '../../arg-values.ts'
import { command } from '../../command.ts'
import { GATEWAY_NAMES } from '../../gateways.ts'
import type { Column } from '../../table.ts'
import { activityColumns } from './columns.ts'

const DEFAULT_MINUTES = 60

const columns: readonly Column<GatewayMetrics>[] = [
  { header: 'gateway', value: ({ gateway }) => gateway },
  ...activityColumns,
  { header: 'in', value: ({ promptTokens }) => promptTokens },
  { header: 'out', value: ({ completionTokens }) => completionTokens },
]

export const gatewayMetrics = command({
  meta: {
    name: 'metrics',
    description: 'Show what went through the gateways in the last minutes; tokens in and out',
    examples: ['parallama gateway metrics --gateway openai --minutes 5'],
  },
  args: {
    gateway: {
      type: 'enum',
      options: [...GATEWAY_NAMES],
      description: 'only this gateway',
    },
    minutes: {
      type: 'string',
      valueHint: 'n',
      description: `of the last n minutes; ${DEFAULT_MINUTES} by default`,
      parse: integer({ min: 1, max: MAX_MINUTES }),
    },
  },
  async run({ args, out }) {
    const { gateway, minutes = DEFAULT_MINUTES } = args
    const names = gateway === undefined ? undefined : [gateway]
    const metrics = await withAdmin(args, ({ gateways }) => gateways.metrics(names, { minutes }))
    out.list(metrics, columns, { empty: 'There are no gateways.' })
  },
})
