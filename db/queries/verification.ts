import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../client.ts'

/** One right, limit or scope behind a credential; one without any gives one row whose `kind` is null. */
export interface VerificationRow {
  /** The id of the key or the session. */
  readonly id: string
  readonly user_id: string
  readonly username: string
  readonly credential_expires_at: number | null
  /** What access tokens of the session must say; null for a key. */
  readonly version: number | null
  /** When the key was replaced by another, or null. */
  readonly replaced_at: number | null
  /** `permission`, `model`, `limit`, or what scopes restrict: `scope:gateway` and the like. */
  readonly kind: string | null
  readonly value: string | null
  readonly expires_at: number | null
}

/** What names a credential: the digest of a key, or the id of a session. */
export type CredentialName = { readonly digest: string } | { readonly sessionId: string }

/** A limit as one text: its columns with spaces between them, none of which has one, then a name. */
const limit = (name: RawBuilder<unknown>) => {
  const columns = LIMIT.map((column) => sql`cast(${sql.ref(`limits.${column}`)} as text)`)
  return [
    sql<string>`'limit'`.as('kind'),
    sql<string>`${sql.join([...columns, name], sql` || ' ' || `)}`.as('value'),
  ] as const
}

const LIMIT = [
  'subject_kind',
  'subject_id',
  'shared',
  'gateway',
  'model',
  'unit',
  'window',
  'amount',
  'shadow',
  'created_at',
] as const

/** The key or the session itself, in the same columns. */
function credential(db: Db, name: CredentialName) {
  if ('digest' in name) {
    return db
      .selectFrom('api_keys')
      .leftJoin('api_keys as successor', 'successor.id', 'api_keys.replaced_by')
      .where('api_keys.digest', '=', name.digest)
      .where('api_keys.revoked_at', 'is', null)
      .select((eb) => [
        'api_keys.id',
        'api_keys.user_id',
        eb.cast<string | null>('api_keys.family_id', 'text').as('family_id'),
        'api_keys.expires_at',
        sql<number | null>`cast(null as bigint)`.as('version'),
        'successor.created_at as replaced_at',
      ])
  }
  return db
    .selectFrom('sessions')
    .where('sessions.id', '=', name.sessionId)
    .where('sessions.revoked_at', 'is', null)
    .select((eb) => [
      'sessions.id',
      'sessions.user_id',
      sql<string | null>`cast(null as text)`.as('family_id'),
      eb
        .case()
        .when('sessions.idle_expires_at', '<', eb.ref('sessions.expires_at'))
        .then(eb.ref('sessions.idle_expires_at'))
        .else(eb.ref('sessions.expires_at'))
        .end()
        .$castTo<number | null>()
        .as('expires_at'),
      eb.cast<number | null>('sessions.version', 'bigint').as('version'),
      sql<number | null>`cast(null as bigint)`.as('replaced_at'),
    ])
}

/**
 * Everything that admission needs to know about a credential, in one round trip: itself, its owner,
 * and each permission, model pattern and limit of their roles and their ancestors with the time it
 * expires, the limits of their own, and what the key is restricted to.
 * What is revoked, and a disabled or deleted owner, give no rows; what has expired is for the caller
 * to sort out, who also needs to know what expires next.
 */
export async function findVerification(db: Db, name: CredentialName): Promise<VerificationRow[]> {
  const never = sql<number | null>`cast(null as bigint)`.as('expires_at')
  return await db
    .withRecursive('credential', () => credential(db, name))
    .withRecursive('held(role_id, expires_at)', (cte) =>
      cte
        .selectFrom('user_roles')
        .innerJoin('credential', 'credential.user_id', 'user_roles.user_id')
        .select(['user_roles.role_id', 'user_roles.expires_at'])
        // Not `union all`: a cycle among the parents must end.
        .union(
          cte
            .selectFrom('roles')
            .innerJoin('held', 'held.role_id', 'roles.id')
            .select((eb) => [eb.ref('roles.parent_id').$notNull().as('role_id'), 'held.expires_at'])
            .where('roles.parent_id', 'is not', null),
        ),
    )
    .with('rights', (cte) =>
      cte
        .selectFrom('held')
        .innerJoin('role_permissions', 'role_permissions.role_id', 'held.role_id')
        .select([sql<string>`'permission'`.as('kind'), 'permission as value', 'held.expires_at'])
        .union(
          cte
            .selectFrom('held')
            .innerJoin('model_policies', 'model_policies.role_id', 'held.role_id')
            .select([sql<string>`'model'`.as('kind'), 'pattern as value', 'held.expires_at']),
        )
        .union(
          cte
            .selectFrom('held')
            .innerJoin('roles', 'roles.id', 'held.role_id')
            .innerJoin('limits', 'limits.subject_id', 'held.role_id')
            .where('limits.subject_kind', '=', 'role')
            .select([...limit(sql.ref('roles.name')), 'held.expires_at']),
        )
        .union(
          cte
            .selectFrom('credential')
            .innerJoin('limits', (join) =>
              join.on((eb) =>
                eb.or([
                  eb.and([
                    eb('subject_kind', '=', 'user'),
                    eb('subject_id', '=', eb.ref('credential.user_id')),
                  ]),
                  eb.and([
                    eb('subject_kind', '=', 'key'),
                    eb('subject_id', '=', eb.ref('credential.family_id')),
                  ]),
                ]),
              ),
            )
            .select([...limit(sql.lit('')), never]),
        )
        .union(
          cte
            .selectFrom('credential')
            .innerJoin('api_key_scopes', 'api_key_scopes.key_id', 'credential.id')
            .select([
              sql<string>`'scope:' || api_key_scopes.kind`.as('kind'),
              'api_key_scopes.value',
              never,
            ]),
        ),
    )
    .selectFrom('credential')
    .innerJoin('users', 'users.id', 'credential.user_id')
    .leftJoin('rights', (join) => join.onTrue())
    .select([
      'credential.id',
      'users.id as user_id',
      'users.username',
      'credential.expires_at as credential_expires_at',
      'credential.version',
      'credential.replaced_at',
      'rights.kind',
      'rights.value',
      'rights.expires_at',
    ])
    .where('users.disabled', '=', 0)
    .where('users.deleted_at', 'is', null)
    .execute()
}
