import type { Db } from '../client.ts'
import { inByteOrder } from '../codec.ts'
import type { AuditLogTable } from '../schema.ts'

const ENTRY = [
  'id',
  'at',
  'actor',
  'action',
  'target',
  'detail',
  'address',
  'request_id',
  'outcome',
] as const satisfies readonly (keyof AuditLogTable)[]

/** Adds one entry, in the transaction of the act it tells of. */
export async function insertAudit(tx: Db, entry: AuditLogTable): Promise<void> {
  await tx.insertInto('audit_log').values(entry).execute()
}

/** Which entries; those that match all that is given. */
export interface AuditFilter {
  readonly actor?: string | undefined
  readonly target?: string | undefined
  readonly outcome?: string | undefined
  /** Exactly this one. */
  readonly action?: string | undefined
  /** All actions of that noun: `user` for `user.create` and the like. */
  readonly noun?: string | undefined
  /** From that time on, in epoch ms. */
  readonly since?: number | undefined
  /** Before that time, in epoch ms. */
  readonly until?: number | undefined
}

export interface AuditPage extends AuditFilter {
  /** The id of the last entry that was seen; null for the first page. */
  readonly after: string | null
  readonly limit: number
}

/** So many entries, the newest first, those older than one. */
export async function pageOfAudit(db: Db, of: AuditPage): Promise<AuditLogTable[]> {
  const id = inByteOrder(db, 'id')
  const action = inByteOrder(db, 'action')
  let query = db.selectFrom('audit_log').select(ENTRY)
  if (of.after !== null) query = query.where(id, '<', of.after)
  for (const column of ['actor', 'action', 'target', 'outcome'] as const) {
    const wanted = of[column]
    if (wanted !== undefined) query = query.where(column, '=', wanted)
  }
  if (of.noun !== undefined) {
    // The slash is the character after the full stop: all that begins with `noun.`.
    query = query.where(action, '>=', `${of.noun}.`).where(action, '<', `${of.noun}/`)
  }
  if (of.since !== undefined) query = query.where('at', '>=', of.since)
  if (of.until !== undefined) query = query.where('at', '<', of.until)
  return await query.orderBy(id, 'desc').limit(of.limit).execute()
}
