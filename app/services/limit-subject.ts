import type { Db } from '../../db/client.ts'
import type { SubjectKind } from '../domain/stored-rule.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { requireRole, requireUser } from './find.ts'
import { keyIdIn, requireKey, statusOf } from './key-view.ts'

/** Whom limits are for: a user or a role by name, or a key by its id or its text. */
export type Subject =
  | { readonly user: string }
  | { readonly role: string }
  | { readonly key: string }

/** A subject that exists. */
export interface FoundSubject {
  readonly kind: SubjectKind
  /** Of a key that of its family: limits on a key go on for the keys that are made in its place. */
  readonly id: string
  /** As it reads in a sentence: `anna`, `the role premium`. */
  readonly label: string
  /** The user, or the owner of the key; null for a role. */
  readonly user: { readonly id: string; readonly username: string } | null
  /** The role's name, for a role. */
  readonly role: string | null
}

/** As the audit log names it; never the text of a key. */
export function targetOf(subject: Subject): string {
  if ('user' in subject) return `user:${subject.user.toLowerCase()}`
  return 'role' in subject ? `role:${subject.role}` : `key:${keyIdIn(subject.key)}`
}

/** Throws not_found with what is not there. */
export async function requireSubject(db: Db, subject: Subject): Promise<FoundSubject> {
  if ('user' in subject) {
    const { id, username } = await requireUser(db, subject.user)
    return { kind: 'user', id, label: username, user: { id, username }, role: null }
  }
  if ('role' in subject) {
    const { id, name } = await requireRole(db, subject.role)
    return { kind: 'role', id, label: `the role ${name}`, user: null, role: name }
  }
  const { id, family_id, user_id, username } = await requireKey(db, subject.key)
  const user = { id: user_id, username }
  return { kind: 'key', id: family_id, label: `the key ${id} of ${username}`, user, role: null }
}

/** The same, and throws conflict for a key that works no more: a limit on it would be no limit. */
export async function requireLiveSubject(
  db: Db,
  subject: Subject,
  now: number,
): Promise<FoundSubject> {
  if ('key' in subject) {
    const key = await requireKey(db, subject.key)
    const status = statusOf(key, now)
    if (status === 'revoked' || status === 'expired') {
      const end = status === 'revoked' ? 'is revoked' : 'has expired'
      const other = key.replaced_by === null ? 'another key' : `its successor ${key.replaced_by}`
      throw new GatewayError('conflict', `the key ${key.id} ${end}; limit the user or ${other}`)
    }
  }
  return await requireSubject(db, subject)
}
