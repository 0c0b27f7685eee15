import { type AuditEntry, MAX_AUDIT_PAGE } from '../../../app/services/audit.ts'
import { OUTCOMES } from '../../../app/services/audit-trail.ts'
import { type ConfigArgs, withAdmin } from '../../admin.ts'
import { integer } from '../../arg-values.ts'
import { command } from '../../command.ts'
import { duration } from '../../duration.ts'
import type { Column } from '../../table.ts'
import { isoTime } from '../../time-text.ts'
import { inShort } from './detail.ts'

const DEFAULT_ROWS = 50

const columns: readonly Column<AuditEntry>[] = [
  { header: 'time', value: ({ at }) => isoTime(at), whole: true },
  { header: 'actor', value: ({ actor }) => actor },
  { header: 'from', value: ({ address }) => address },
  { header: 'action', value: ({ action }) => action },
  { header: 'target', value: ({ target }) => target },
  { header: 'outcome', value: ({ outcome }) => outcome },
  { header: 'what', value: ({ detail }) => inShort(detail) },
]

export const auditList = command({
  meta: {
    name: 'list',
    description: 'List what was done and what was refused, the newest first',
    examples: [
      'parallama audit list --action user. --since 7d',
      'parallama audit list --outcome refused --json',
    ],
  },
  args: {
    actor: { type: 'string', valueHint: 'name', description: 'only by them, such as user:anna' },
    action: {
      type: 'string',
      valueHint: 'name',
      description: 'only this, such as user.create; user. for all that is done to users',
    },
    target: { type: 'string', valueHint: 'name', description: 'only to whom or what' },
    outcome: { type: 'enum', options: [...OUTCOMES], description: 'only with this outcome' },
    since: {
      type: 'string',
      valueHint: 'time',
      description: 'only of the last 12h, 7d, …',
      parse: duration,
    },
    limit: {
      type: 'string',
      valueHint: 'n',
      description: `at most n entries; ${DEFAULT_ROWS} by default`,
      parse: integer({ min: 1, max: 10_000 }),
    },
  },
  async run({ args, out }) {
    const { actor, action, target, outcome, limit = DEFAULT_ROWS } = args
    const since = args.since === undefined ? undefined : Date.now() - args.since
    const rows = await entries(args, { actor, action, target, outcome, since }, limit)
    out.list(rows, columns, { empty: 'There is no such entry.' })
    if (rows.length === limit)
      out.message(`Only the newest ${limit} are shown; --limit shows more.`)
  },
})

interface Filter {
  readonly actor: string | undefined
  readonly action: string | undefined
  readonly target: string | undefined
  readonly outcome: string | undefined
  readonly since: number | undefined
}

const entries = (args: ConfigArgs, filter: Filter, limit: number): Promise<AuditEntry[]> =>
  withAdmin(args, async ({ audit }) => {
    const found: AuditEntry[] = []
    let after: string | null = null
    do {
      const size = Math.min(MAX_AUDIT_PAGE, limit - found.length)
      const page = await audit.page({ ...filter, after, limit: size })
      found.push(...page.rows)
      after = page.next
    } while (after !== null && found.length < limit)
    return found
  })
