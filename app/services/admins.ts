import type { Db } from '../../db/client.ts'
import { countPermanentMembers } from '../../db/queries/roles.ts'
import { ADMIN_ROLE } from '../domain/role.ts'
import { GatewayError } from '../errors/gateway-error.ts'

/**
 * Does something that may take an administrator away, and throws conflict when afterwards no active
 * user holds the admin role for good where one did before. The transaction holds the revision row,
 * so two administrators can't remove each other at the same time.
 */
export async function keepingAnAdmin<T>(tx: Db, act: () => Promise<T>): Promise<T> {
  const before = await countPermanentMembers(tx, ADMIN_ROLE)
  const result = await act()
  const after = await countPermanentMembers(tx, ADMIN_ROLE)
  if (before > 0 && after === 0) {
    throw new GatewayError(
      'conflict',
      `this would leave nobody with the role ${ADMIN_ROLE}; give it to another user first`,
    )
  }
  return result
}
