import type { Db } from '../../db/client.ts'
import { listLimits } from '../../db/queries/limits.ts'
import { listRoles } from '../../db/queries/roles.ts'
import type { Limit } from '../domain/limit.ts'
import { limitFor } from '../domain/stored-rule.ts'
import { limitsOfUser, toRule } from './applied-limits.ts'
import type { FoundSubject } from './limit-subject.ts'
import { membersOf } from './role-lineage.ts'

/**
 * The limits whose buckets belong to a subject: of a user all that they don't share, of a key its own,
 * of a role what its members share and what each of them has through this role.
 */
export async function ownBuckets(db: Db, subject: FoundSubject, now: number): Promise<Limit[]> {
  const { kind, id, user } = subject
  if (!user) return await bucketsOfRole(db, subject, now)
  const limits = await limitsOfUser(db, user.id, now, kind === 'key' ? [id] : [])
  return limits.filter(({ scope }) => (scope === 'key') === (kind === 'key') && scope !== 'shared')
}

async function bucketsOfRole(db: Db, subject: FoundSubject, now: number): Promise<Limit[]> {
  const [rows, roles] = await Promise.all([listLimits(db, subject), listRoles(db)])
  const found = rows
    .filter(({ shared }) => shared === 1)
    .map((row) => limitFor('', toRule(row, roles)))
  if (found.length === rows.length) return found
  for (const member of await membersOf(db, subject.id, now)) {
    const limits = await limitsOfUser(db, member.id, now)
    found.push(...limits.filter(({ scope, role }) => scope === 'role' && role === subject.role))
  }
  return found
}
