import type { Db } from '../client.ts'
import { inByteOrder } from '../codec.ts'
import type { InvitationsTable } from '../schema.ts'

/** What is shown of an invitation; the digest is never among it. */
const INVITATION = [
  'invitations.id',
  'invitations.role_id',
  'invitations.created_by',
  'invitations.created_at',
  'invitations.expires_at',
  'invitations.used_at',
  'invitations.used_by',
] as const

export type InvitationRow = Omit<InvitationsTable, 'digest'> & {
  readonly role: string
  /** The name of who came of it. */
  readonly username: string | null
}

const invitations = (db: Db) =>
  db
    .selectFrom('invitations')
    .innerJoin('roles', 'roles.id', 'invitations.role_id')
    .leftJoin('users', 'users.id', 'invitations.used_by')
    .select([...INVITATION, 'roles.name as role', 'users.username'])

export async function insertInvitation(tx: Db, invitation: InvitationsTable): Promise<void> {
  await tx.insertInto('invitations').values(invitation).execute()
}

/** All that are not forgotten, the oldest first. */
export async function listInvitations(db: Db): Promise<InvitationRow[]> {
  return await invitations(db).orderBy('invitations.created_at').orderBy('invitations.id').execute()
}

/** So many of them, the newest first; those that come after one. */
export async function pageOfInvitations(
  db: Db,
  { after, limit }: { readonly after: { at: number; id: string } | null; readonly limit: number },
): Promise<InvitationRow[]> {
  let query = invitations(db)
  if (after) {
    query = query.where((eb) =>
      eb.or([
        eb('invitations.created_at', '<', after.at),
        eb('invitations.created_at', '=', after.at).and(
          inByteOrder(db, 'invitations.id'),
          '<',
          after.id,
        ),
      ]),
    )
  }
  return await query
    .orderBy('invitations.created_at', 'desc')
    .orderBy(inByteOrder(db, 'invitations.id'), 'desc')
    .limit(limit)
    .execute()
}

/** The invitation of that digest, if it can be used at that time. */
export async function findOpenInvitation(
  db: Db,
  digest: string,
  now: number,
): Promise<InvitationRow | undefined> {
  return await invitations(db)
    .where('invitations.digest', '=', digest)
    .where('invitations.used_at', 'is', null)
    .where('invitations.expires_at', '>', now)
    .executeTakeFirst()
}

/** Uses an invitation up; false when it has been used or withdrawn, or is over. */
export async function useInvitation(
  tx: Db,
  id: string,
  { at, by }: { readonly at: number; readonly by: string },
): Promise<boolean> {
  const result = await tx
    .updateTable('invitations')
    .set({ used_at: at, used_by: by })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('expires_at', '>', at)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** Takes back an invitation that nobody has used; false when there is none. */
export async function deleteInvitation(tx: Db, id: string): Promise<boolean> {
  const result = await tx
    .deleteFrom('invitations')
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .executeTakeFirst()
  return result.numDeletedRows > 0n
}

/** Forgets the invitations that were used or over before that time, in epoch ms; returns how many. */
export async function deleteInvitationsEnded(db: Db, before: number): Promise<number> {
  const result = await db
    .deleteFrom('invitations')
    .where((eb) => eb.or([eb('used_at', '<', before), eb('expires_at', '<', before)]))
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}
