import { withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { gatewayColumns } from './columns.ts'

export const gatewayList = command({
  meta: { name: 'list', description: 'List the gateways' },
  async run({ args, out }) {
    const gateways = await withAdmin(args, (admin) => admin.gateways.list())
    if (args.json) {
      const rows = gateways.map(({ aliases, ...rest }) => ({ ...rest, aliases: aliases.length }))
      out.list(rows, [], { empty: '' })
      return
    }
    out.list(gateways, gatewayColumns, { empty: 'There are no gateways.' })
  },
})
