import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { gatewayArg } from './arg.ts'
import { stateOf } from './columns.ts'

export const gatewayToggle = command({
  meta: {
    name: 'toggle',
    description: 'Switch a gateway on or off, for servers that are running too',
    examples: ['parallama gateway toggle openai --enabled false'],
  },
  args: {
    gateway: gatewayArg,
    enabled: {
      type: 'enum',
      options: ['true', 'false'],
      required: true,
      description: 'whether it is to be used',
    },
  },
  async run({ args, out }) {
    const toggled = await withAdmin(args, ({ gateways }) =>
      gateways.toggle(actor(), args.gateway, args.enabled === 'true'),
    )
    if (args.json) out.record({ name: toggled.name, enabled: toggled.enabled })
    else out.message(`The gateway ${toggled.name} is ${stateOf(toggled)}.`)
  },
})
