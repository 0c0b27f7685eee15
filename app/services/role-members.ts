import { deleteUserRole, listMemberships, upsertUserRole } from '../../db/queries/roles.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Actor } from './actor.ts'
import { keepingAnAdmin } from './admins.ts'
import { requireGivable, requireNotSelf, requireOver } from './authority.ts'
import { type ChangeNeeds, change } from './change.ts'
import { requireRole, requireUser } from './find.ts'
import { roleOf } from './role-reach.ts'

/** Who has which role. */
export function createRoleMembers(needs: ChangeNeeds) {
  const { clock } = needs

  return {
    /**
     * Gives a user the role until `expiresAt` (epoch ms), or for good. Throws not_found, conflict for
     * the last admin, and forbidden for a role that may do more than the actor, or to oneself.
     */
    async grant(
      actor: Actor,
      username: string,
      roleName: string,
      expiresAt: number | null,
    ): Promise<void> {
      const target = username.toLowerCase()
      await change(needs, { actor, action: 'role.grant', target }, async (tx) => {
        const user = await requireUser(tx, username)
        const role = await requireRole(tx, roleName)
        const now = clock.now()
        requireNotSelf(actor, user.id)
        await requireOver(tx, actor, user, now)
        await requireGivable(tx, actor, await roleOf(tx, role.name, now), now)
        const held = await listMemberships(tx, [user.id])
        const before = held.find((membership) => membership.role === role.name)
        await keepingAnAdmin(tx, () =>
          upsertUserRole(tx, {
            user_id: user.id,
            role_id: role.id,
            granted_at: now,
            expires_at: expiresAt,
          }),
        )
        const detail = {
          role: role.name,
          before: before ? { expiresAt: before.expires_at } : null,
          after: { expiresAt },
        }
        return { result: undefined, detail }
      })
    },

    /**
     * Takes the role from a user. Throws not_found when the user has not got it, conflict for the last
     * admin, and forbidden for a user who may do more than the actor.
     */
    async revoke(actor: Actor, username: string, roleName: string): Promise<void> {
      const target = username.toLowerCase()
      await change(needs, { actor, action: 'role.revoke', target }, async (tx) => {
        const user = await requireUser(tx, username)
        const role = await requireRole(tx, roleName)
        await requireOver(tx, actor, user, clock.now())
        const held = await listMemberships(tx, [user.id])
        const before = held.find((membership) => membership.role === role.name)
        if (!before) {
          throw new GatewayError(
            'not_found',
            `${user.username} does not have the role ${role.name}`,
          )
        }
        await keepingAnAdmin(tx, () => deleteUserRole(tx, user.id, role.id))
        const detail = { role: role.name, before: { expiresAt: before.expires_at }, after: null }
        return { result: undefined, detail }
      })
    },
  }
}
