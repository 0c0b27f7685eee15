import { bucketName, type Limit, type Rule } from './limit.ts'

/** Whom rules are written for. */
export type SubjectKind = 'user' | 'key' | 'role'

/** A rule with whom it was written for. */
export interface StoredRule extends Rule {
  readonly kind: SubjectKind
  /** The id of the user, the key or the role. */
  readonly subject: string
  /** Whether all members of the role have one bucket together. */
  readonly shared: boolean
  /** When it was set, in epoch ms. */
  readonly since: number
  /** The role's name, for a rule of a role. */
  readonly role: string | null
}

/** The rule as it applies to a user: the one it names, a member of its role, or the key's owner. */
export function limitFor(userId: string, { kind, subject, shared, ...rest }: StoredRule): Limit {
  if (kind === 'role' && shared) {
    return { ...rest, scope: 'shared', holder: `role:${subject}`, bucket: bucketName(rest, null) }
  }
  const bucket = bucketName(rest, kind === 'key' ? subject : null)
  return { ...rest, scope: kind, holder: `user:${userId}`, bucket }
}

/** The id of the key that a limit is on, or null. */
export const limitedKey = ({ scope, bucket }: Limit): string | null =>
  scope === 'key' ? bucket.slice('key:'.length, bucket.indexOf(' ')) : null
