import type { Db } from '../../db/client.ts'
import { deleteLimit, listLimits, upsertLimits } from '../../db/queries/limits.ts'
import type { LimitsTable } from '../../db/schema.ts'
import { ANY } from '../domain/limit.ts'
import type { ChangeNeeds } from './change.ts'

/** What a role's concurrency cap is: its template for requests at once, over everything. */
const CAP = {
  subject_kind: 'role',
  shared: 0,
  gateway: ANY,
  model: ANY,
  unit: 'concurrent-requests',
  window: 'now',
  shadow: 0,
} as const satisfies Partial<LimitsTable>

/** Whether that rule is the concurrency cap of its role. */
export const isConcurrencyCap = (rule: LimitsTable): boolean =>
  Object.entries(CAP).every(([column, value]) => rule[column as keyof LimitsTable] === value)

/** Sets how many requests each member of a role may have at once; null for no cap of its own. */
export async function setConcurrencyCap(
  { clock, newId }: Pick<ChangeNeeds, 'clock' | 'newId'>,
  tx: Db,
  roleId: string,
  amount: number | null,
): Promise<void> {
  if (amount === null) {
    const rules = await listLimits(tx, { kind: CAP.subject_kind, id: roleId })
    for (const rule of rules.filter(isConcurrencyCap)) await deleteLimit(tx, rule.id)
    return
  }
  const now = clock.now()
  await upsertLimits(tx, [
    { ...CAP, id: newId(), subject_id: roleId, amount, created_at: now, updated_at: now },
  ])
}
