import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { duration } from '../../duration.ts'
import { GATEWAY_NAMES } from '../../gateways.ts'
import { grace, newKeyColumns } from './columns.ts'
import { KEEP_IT } from './words.ts'

export const keyGenerate = command({
  meta: {
    name: 'generate',
    description: 'Make an API key for a user; it is shown once',
    examples: [
      'parallama key generate anna --description "laptop"',
      'parallama key generate anna --rotate-every 30d --grace 7d',
      "parallama key generate ci --model 'llama3*' --from 10.0.0.0/8 --expires 90d",
    ],
  },
  args: {
    name: { type: 'positional', description: 'the user name' },
    description: { type: 'string', valueHint: 'text', description: 'what the key is for' },
    expires: {
      type: 'string',
      valueHint: 'time',
      description: 'ends after 12h, 30d, …; never by default',
      parse: duration,
    },
    'rotate-every': {
      type: 'string',
      valueHint: 'time',
      description: 'the server makes a new key in its place after 30d, …',
      parse: duration,
    },
    grace: {
      type: 'string',
      valueHint: 'time',
      description: 'how long it then goes on working; 7d by default',
      parse: grace,
    },
    gateway: {
      type: 'string',
      multiple: true,
      valueHint: 'name',
      description: `only through this gateway (${GATEWAY_NAMES.join(', ')})`,
    },
    model: {
      type: 'string',
      multiple: true,
      valueHint: 'pattern',
      description: 'only with this model, or those that a pattern such as llama3* covers',
    },
    permission: {
      type: 'string',
      multiple: true,
      valueHint: 'name',
      description: 'only this permission of those that its owner has',
    },
    from: {
      type: 'string',
      multiple: true,
      valueHint: 'address',
      description: 'only from this address or block of addresses, such as 10.0.0.0/8',
    },
  },
  async run({ args, out }) {
    const expiresAt = args.expires === undefined ? undefined : Date.now() + args.expires
    const made = await withAdmin(args, ({ keys }) =>
      keys.generate(actor(), args.name, {
        description: args.description,
        expiresAt,
        rotateEveryMs: args.rotateEvery,
        graceMs: args.grace,
        scopes: {
          gateways: args.gateway,
          models: args.model,
          permissions: args.permission,
          addresses: args.from,
        },
      }),
    )
    out.record(made, newKeyColumns(made))
    out.message(`\n${KEEP_IT}`)
    if (made.rotation === null) return
    out.message(`When it has been replaced, get the next with: parallama key successor ${made.id}`)
  },
})
