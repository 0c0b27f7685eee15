import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../client.ts'

/** One right or limit of a key's owner; a key without any gives one row whose `kind` is null. */
export interface VerificationRow {
  readonly key_id: string
  readonly user_id: string
  readonly username: string
  readonly key_expires_at: number | null
  readonly kind: string | null
  readonly value: string | null
  readonly expires_at: number | null
}

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

/**
 * Everything that admission needs to know about a key, in one round trip: the key, its owner, and
 * each permission, model pattern and limit of their roles and their ancestors with the time it expires,
 * and the limits of their own.
 * A revoked key and a disabled or deleted owner give no rows; what has expired is for the caller to
 * sort out, who also needs to know what expires next.
 */
export async function findVerification(db: Db, digest: string): Promise<VerificationRow[]> {
  return await db
    .withRecursive('held(role_id, expires_at)', (cte) =>
      cte
        .selectFrom('user_roles')
        .innerJoin('api_keys', 'api_keys.user_id', 'user_roles.user_id')
        .select(['user_roles.role_id', 'user_roles.expires_at'])
        .where('api_keys.digest', '=', digest)
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
            .selectFrom('api_keys')
            .innerJoin('limits', (join) =>
              join.on((eb) =>
                eb.or([
                  eb.and([
                    eb('subject_kind', '=', 'user'),
                    eb('subject_id', '=', eb.ref('api_keys.user_id')),
                  ]),
                  eb.and([
                    eb('subject_kind', '=', 'key'),
                    eb('subject_id', '=', eb.ref('api_keys.id')),
                  ]),
                ]),
              ),
            )
            .where('api_keys.digest', '=', digest)
            .select([
              ...limit(sql.lit('')),
              sql<number | null>`cast(null as bigint)`.as('expires_at'),
            ]),
        ),
    )
    .selectFrom('api_keys')
    .innerJoin('users', 'users.id', 'api_keys.user_id')
    .leftJoin('rights', (join) => join.onTrue())
    .select([
      'api_keys.id as key_id',
      'users.id as user_id',
      'users.username',
      'api_keys.expires_at as key_expires_at',
      'rights.kind',
      'rights.value',
      'rights.expires_at',
    ])
    .where('api_keys.digest', '=', digest)
    .where('api_keys.revoked_at', 'is', null)
    .where('users.disabled', '=', 0)
    .where('users.deleted_at', 'is', null)
    .execute()
}
