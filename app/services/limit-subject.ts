import type { Db } from '../../db/client.ts'
import { findKey, type KeyRow } from '../../db/queries/keys.ts'
import { apiKeyId } from '../domain/api-key.ts'
import type { SubjectKind } from '../domain/stored-rule.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { requireRole, requireUser } from './find.ts'

/** Whom limits are for: a user or a role by name, or a key by its id or its text. */
export type Subject =
  | { readonly user: string }
  | { readonly role: string }
  | { readonly key: string }

/** A subject that exists. */
export interface FoundSubject {
  readonly kind: SubjectKind
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
  return 'role' in subject ? `role:${subject.role}` : `key:${keyIdOf(subject.key)}`
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
  const { id, user_id, username } = await requireKey(db, subject.key)
  const user = { id: user_id, username }
  return { kind: 'key', id, label: `the key ${id} of ${username}`, user, role: null }
}

/** The same, and throws conflict for a key that works no more: a limit on it would be no limit. */
export async function requireLiveSubject(
  db: Db,
  subject: Subject,
  now: number,
): Promise<FoundSubject> {
  if ('key' in subject) {
    const { id, revoked_at, expires_at } = await requireKey(db, subject.key)
    const isExpired = expires_at !== null && expires_at <= now
    if (revoked_at !== null || isExpired) {
      const end = revoked_at !== null ? 'is revoked' : 'has expired'
      throw new GatewayError('conflict', `the key ${id} ${end}; limit the user or another key`)
    }
  }
  return await requireSubject(db, subject)
}

const keyIdOf = (idOrKey: string): string => apiKeyId(idOrKey) ?? idOrKey

async function requireKey(db: Db, idOrKey: string): Promise<KeyRow> {
  const id = keyIdOf(idOrKey)
  const key = await findKey(db, id)
  if (!key) throw new GatewayError('not_found', `there is no key with the id "${id}"`)
  return key
}
