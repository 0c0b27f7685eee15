import { DEFAULT_ROLE } from '../../../app/domain/role.ts'
import type { Invitation } from '../../../app/services/invitations.ts'
import { actor, configFor, withAdmin, withAdminOf } from '../../admin.ts'
import { command } from '../../command.ts'
import { duration } from '../../duration.ts'
import type { Column } from '../../table.ts'
import { isoTime } from '../../time-text.ts'

const columns: readonly Column<Invitation>[] = [
  { header: 'id', value: (invitation) => invitation.id, whole: true },
  { header: 'role', value: (invitation) => invitation.role },
  { header: 'status', value: (invitation) => invitation.status },
  { header: 'by', value: (invitation) => invitation.createdBy },
  { header: 'expires', value: (invitation) => isoTime(invitation.expiresAt) },
  { header: 'used by', value: (invitation) => invitation.username },
]

export const userInvite = command({
  meta: {
    name: 'invite',
    description: 'Make an invitation, with which one person can register; it is shown once',
    examples: ['parallama user invite --role premium --expires 2d'],
  },
  args: {
    role: { type: 'string', valueHint: 'role', description: `role; ${DEFAULT_ROLE} by default` },
    expires: {
      type: 'string',
      valueHint: 'time',
      description: 'ends after 12h, 30d, …; 7d by default',
      parse: duration,
    },
  },
  async run({ args, out }) {
    const { role, expires } = args
    const config = configFor(args)
    const expiresAt = expires === undefined ? undefined : Date.now() + expires
    const made = await withAdminOf(config, ({ registration }) =>
      registration.invite(actor(), { role, expiresAt }),
    )
    out.record(made, [
      { header: 'invitation', value: ({ code }) => code, whole: true },
      ...columns.filter(({ header }) => header !== 'used by'),
    ])
    out.message('\nKeep it now: it is stored only as a digest and can never be shown again.')
    if (!config.registration) {
      out.message('Registration is off; switch it on with the setting registration.')
    }
  },
})

export const userInvitations = command({
  meta: { name: 'invitations', description: 'List the invitations' },
  async run({ args, out }) {
    const list = await withAdmin(args, ({ registration }) => registration.listInvitations())
    out.list(list, columns, {
      empty: 'There are no invitations. Make one with: parallama user invite',
    })
  },
})

export const userUninvite = command({
  meta: { name: 'uninvite', description: 'Take back an invitation that nobody has used' },
  args: { id: { type: 'positional', description: "the invitation's id" } },
  async run({ args, out }) {
    await withAdmin(args, ({ registration }) => registration.withdraw(actor(), args.id))
    out.message(`The invitation ${args.id} is withdrawn.`)
  },
})
