import type { Db } from '../../db/client.ts'
import { type AuditFilter, pageOfAudit } from '../../db/queries/audit.ts'
import type { AuditLogTable } from '../../db/schema.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { OUTCOMES, type Outcome } from './audit-trail.ts'
import { type Page, toPage } from './page.ts'

/** Most entries of one page. */
export const MAX_AUDIT_PAGE = 200
const MAX_TEXT = 200

export interface AuditServiceNeeds {
  readonly db: Db
}

/** What somebody did, or was refused. */
export interface AuditEntry {
  readonly id: string
  /** When, in epoch ms. */
  readonly at: number
  /** Who: `user:anna`, `cli:root`, `key:ID`, `system`. */
  readonly actor: string
  /** From where, if that can be told. */
  readonly address: string | null
  /** The request that asked for it, if it was one. */
  readonly requestId: string | null
  /** As noun and verb: `user.create`. */
  readonly action: string
  /** To whom or what. */
  readonly target: string
  readonly outcome: Outcome
  /** What changed, with `before` and `after`, or why it was refused. */
  readonly detail: Readonly<Record<string, unknown>>
}

export interface AuditQuery {
  /** The id of the last entry of the page before; null for the first page. */
  readonly after: string | null
  /** 1 to 200. */
  readonly limit: number
  readonly actor?: string | undefined
  /** One action, or with a full stop at the end all of a noun: `user.`. */
  readonly action?: string | undefined
  readonly target?: string | undefined
  readonly outcome?: string | undefined
  /** From that time on, in epoch ms. */
  readonly since?: number | undefined
  /** Before that time, in epoch ms. */
  readonly until?: number | undefined
}

/** What can be read of the audit log; nothing can be changed in it. */
export function createAudit({ db }: AuditServiceNeeds) {
  return {
    /** So many entries, the newest first. Throws invalid for a filter that can't match anything. */
    async page({ after, limit, ...given }: AuditQuery): Promise<Page<AuditEntry>> {
      if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_AUDIT_PAGE) {
        throw new GatewayError('invalid', `a page has 1 to ${MAX_AUDIT_PAGE} entries`)
      }
      const filter = checkedFilter(given)
      const rows = await pageOfAudit(db, { ...filter, after, limit: limit + 1 })
      return toPage(rows.map(toEntry), limit, ({ id }) => id)
    },
  }
}

function checkedFilter({ action, ...rest }: Omit<AuditQuery, 'after' | 'limit'>): AuditFilter {
  const { actor, target, outcome } = rest
  for (const [name, text] of Object.entries({ actor, target, action })) checkText(name, text)
  if (outcome !== undefined && !OUTCOMES.some((known) => known === outcome)) {
    throw new GatewayError('invalid', `an outcome is ${OUTCOMES.join(' or ')}`)
  }
  return action?.endsWith('.') ? { ...rest, noun: action.slice(0, -1) } : { ...rest, action }
}

/** PostgreSQL takes neither a NUL nor half of a character. */
function checkText(name: string, text: string | undefined): void {
  if (text === undefined) return
  if (text.length <= MAX_TEXT && text.isWellFormed() && !/\p{Cc}/u.test(text)) return
  throw new GatewayError(
    'invalid',
    `${name}: at most ${MAX_TEXT} characters, and no control characters`,
  )
}

const toEntry = (row: AuditLogTable): AuditEntry => ({
  id: row.id,
  at: row.at,
  actor: row.actor,
  address: row.address,
  requestId: row.request_id,
  action: row.action,
  target: row.target,
  outcome: row.outcome === 'refused' ? 'refused' : 'done',
  detail: JSON.parse(row.detail) as Readonly<Record<string, unknown>>,
})
