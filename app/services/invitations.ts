import type { Db } from '../../db/client.ts'
import {
  deleteInvitation,
  type InvitationRow,
  insertInvitation,
  listInvitations,
  pageOfInvitations,
} from '../../db/queries/invitations.ts'
import { findUser } from '../../db/queries/users.ts'
import type { Keyring } from '../auth/secrets.ts'
import { DEFAULT_ROLE } from '../domain/role.ts'
import {
  fieldsOf,
  ID_LENGTH,
  type RandomBytes,
  randomBase62,
  SECRET_LENGTH,
  secretPattern,
  withChecksum,
} from '../domain/secret-text.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Actor } from './actor.ts'
import { requireGivable, requireReach } from './authority.ts'
import { type ChangeNeeds, change } from './change.ts'
import { requireRole } from './find.ts'
import { type Page, toPage } from './page.ts'
import { beyondReach, reachOf, roleOf } from './role-reach.ts'

const DAY_MS = 86_400_000
/** How long an invitation is good for which no end is given, in ms; and the longest. */
const DEFAULT_MS = 7 * DAY_MS
const MAX_MS = 365 * DAY_MS
const PATTERN = secretPattern('pli_', ID_LENGTH, SECRET_LENGTH)
const INVITER = /^user:(.+)$/

export interface InvitationNeeds extends ChangeNeeds {
  readonly keyring: Pick<Keyring, 'mac'>
  readonly random: RandomBytes
}

/** A way in for one person. Times are epoch ms. */
export interface Invitation {
  readonly id: string
  /** What they become. */
  readonly role: string
  readonly createdBy: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly usedAt: number | null
  /** The name they chose. */
  readonly username: string | null
  readonly status: 'open' | 'used' | 'expired'
}

/** A new invitation: the only time its code is known. */
export type NewInvitation = Invitation & { readonly code: string }

export interface InvitationOptions {
  /** `basic` unless it is given. */
  readonly role?: string | undefined
  /** When it stops working, in epoch ms; in 7 days unless it is given. */
  readonly expiresAt?: number | undefined
}

/** The digest of a well-formed code, under which it is stored; null for what can't be one. */
export const invitationDigest = (keyring: Pick<Keyring, 'mac'>, code: string): string | null =>
  fieldsOf(code, PATTERN) && keyring.mac('invitation', code)

/** What can be done to invitations. Errors are GatewayErrors. */
export function createInvitations(needs: InvitationNeeds) {
  const { db, clock, keyring, random } = needs

  return {
    /**
     * Throws not_found for an unknown role, forbidden for one that may do more than the actor, invalid
     * for an end in the past or in more than a year.
     */
    async invite(actor: Actor, options: InvitationOptions = {}): Promise<NewInvitation> {
      const now = clock.now()
      const expiresAt = options.expiresAt ?? now + DEFAULT_MS
      if (!(expiresAt > now && expiresAt <= now + MAX_MS)) {
        throw new GatewayError('invalid', 'an invitation ends in the future, within a year')
      }
      const id = randomBase62(ID_LENGTH, random)
      const code = withChecksum(`pli_${id}${randomBase62(SECRET_LENGTH, random)}`)
      const act = { actor, action: 'invitation.create', target: id }
      return await change(needs, act, async (tx) => {
        const role = await requireRole(tx, options.role ?? DEFAULT_ROLE)
        await requireGivable(tx, actor, await roleOf(tx, role.name, now), now)
        const row = {
          id,
          role_id: role.id,
          created_by: actor.name,
          created_at: now,
          expires_at: expiresAt,
          used_at: null,
          used_by: null,
        }
        await insertInvitation(tx, { ...row, digest: keyring.mac('invitation', code) })
        const made = toInvitation({ ...row, role: role.name, username: null }, now)
        return { result: { ...made, code }, detail: { role: role.name, expiresAt } }
      })
    },

    /** Those that are open, and for a month those that are over; the oldest first. */
    async listInvitations(): Promise<Invitation[]> {
      return (await listInvitations(db)).map((row) => toInvitation(row, clock.now()))
    },

    /** The same, the newest first, a page at a time. */
    async pageOfInvitations({
      after,
      limit,
    }: {
      readonly after: string | null
      readonly limit: number
    }): Promise<Page<Invitation>> {
      const [at = '', id = ''] = after?.split(' ') ?? []
      const place = after === null ? null : { at: Number(at), id }
      const rows = await pageOfInvitations(db, { after: place, limit: limit + 1 })
      const page = toPage(rows, limit, ({ created_at, id }) => `${created_at} ${id}`)
      return { ...page, rows: page.rows.map((row) => toInvitation(row, clock.now())) }
    },

    /**
     * Takes an invitation back. Throws not_found when there is none that is unused, and forbidden for one
     * whose role may do more than the actor.
     */
    async withdraw(actor: Actor, id: string): Promise<void> {
      const found = (await listInvitations(db)).find((row) => row.id === id)
      if (!found) throw unknownInvitation(id)
      const act = { actor, action: 'invitation.withdraw', target: id }
      await change(needs, act, async (tx) => {
        const now = clock.now()
        await requireReach(tx, actor, await roleOf(tx, found.role, now), now)
        if (!(await deleteInvitation(tx, id))) throw unknownInvitation(id)
        return { result: undefined, detail: { role: found.role } }
      })
    },
  }
}

/**
 * Whether whoever made the invitation could still make it: one who was sent away or demoted leaves no
 * door open.
 */
export async function isStillGiven(tx: Db, row: InvitationRow, now: number): Promise<boolean> {
  const inviter = INVITER.exec(row.created_by)?.[1]
  if (inviter === undefined) return true
  const user = await findUser(tx, inviter)
  if (!user || user.disabled === 1 || user.created_at > row.created_at) return false
  return beyondReach(await reachOf(tx, user.id, now), await roleOf(tx, row.role, now)) === null
}

const unknownInvitation = (id: string): GatewayError =>
  new GatewayError('not_found', `there is no unused invitation with the id "${id}"`)

function toInvitation(row: Omit<InvitationRow, 'digest'>, now: number): Invitation {
  const isOver = row.expires_at <= now
  return {
    id: row.id,
    role: row.role,
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    usedAt: row.used_at,
    username: row.username,
    status: row.used_at !== null ? 'used' : isOver ? 'expired' : 'open',
  }
}
