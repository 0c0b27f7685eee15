import { withAdmin } from '../../admin.ts'
import { command } from '../../command.ts'
import { type LimitRow, limitColumns } from './columns.ts'
import { spelled, subjectArgs, targetOf } from './subject.ts'

export const ratelimitGet = command({
  meta: {
    name: 'get',
    description: 'Show the limits of a user, a role or a key, and what is left of them',
    examples: ['parallama ratelimit get anna', 'parallama ratelimit get ollama --role premium'],
  },
  args: subjectArgs,
  async run({ args, io, out }) {
    const { subject, gateway } = targetOf(args)
    const { at, limits } = await withAdmin(args, (admin) => admin.limits.get(subject, gateway))
    const rows: LimitRow[] = limits.map(({ resetsAt, ...limit }) => ({
      ...limit,
      resetsAt: resetsAt === null ? null : new Date(resetsAt).toISOString(),
    }))
    const who = spelled(subject)
    const where = gateway === undefined ? '' : ` through ${gateway}`
    const line = 'user' in subject ? `${who} ollama` : `ollama ${who}`
    out.list(rows, limitColumns(rows, at, io.stdout), {
      empty: `No limits apply to ${who}${where}. Set one with: parallama ratelimit set ${line} --token-daily 100000`,
    })
  },
})
