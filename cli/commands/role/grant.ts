import { actor, withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { duration } from '../../duration.ts'
import { isoTime } from '../../time-text.ts'
import { membershipArgs } from './membership.ts'

export const roleGrant = command({
  meta: {
    name: 'grant',
    description: 'Give a user a role',
    examples: ['parallama role grant anna premium --expires 30d'],
  },
  args: {
    ...membershipArgs,
    expires: {
      type: 'string',
      valueHint: 'time',
      description: 'ends after 12h, 30d, …; never by default',
      parse: duration,
    },
  },
  async run({ args, out }) {
    const expiresAt = args.expires === undefined ? null : Date.now() + args.expires
    await withAdmin(args, ({ roles }) => roles.grant(actor(), args.name, args.role, expiresAt))
    const until = expiresAt === null ? '' : ` until ${isoTime(expiresAt)}`
    out.message(`${args.name} has the role ${args.role}${until}.`)
  },
})
