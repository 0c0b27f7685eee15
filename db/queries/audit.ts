import type { Db } from '../client.ts'
import type { AuditLogTable } from '../schema.ts'

/** Adds one entry, in the transaction of the act it tells of. */
export async function insertAudit(tx: Db, entry: AuditLogTable): Promise<void> {
  await tx.insertInto('audit_log').values(entry).execute()
}
