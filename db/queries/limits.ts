import type { ExpressionBuilder } from 'kysely'
import type { Db } from '../client.ts'
import type { LimitsTable, Schema } from '../schema.ts'

const LIMIT = [
  'id',
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
  'updated_at',
] as const satisfies readonly (keyof LimitsTable)[]

/** What makes two rules of one subject the same. */
const RULE = [
  'subject_kind',
  'subject_id',
  'shared',
  'gateway',
  'model',
  'unit',
  'window',
  'shadow',
] as const satisfies readonly (keyof LimitsTable)[]

export interface LimitSubject {
  /** `user`, `key` or `role`. */
  readonly kind: string
  readonly id: string
}

/** Which rules of a subject; those with exactly this gateway and model, where they are given. */
export interface LimitFilter {
  readonly gateway?: string | undefined
  readonly model?: string | undefined
  /** Only those that are just watched. */
  readonly shadowOnly?: boolean | undefined
  /** Only those that the members of a role share. */
  readonly sharedOnly?: boolean | undefined
}

/** Adds rules; one that is there already gets the new amount and keeps its id and its age. */
export async function upsertLimits(tx: Db, rules: readonly LimitsTable[]): Promise<void> {
  if (rules.length === 0) return
  await tx
    .insertInto('limits')
    .values(rules)
    .onConflict((conflict) =>
      conflict.columns(RULE).doUpdateSet((eb) => ({
        amount: eb.ref('excluded.amount'),
        updated_at: eb.ref('excluded.updated_at'),
      })),
    )
    .execute()
}

/** The rules of one subject, the oldest first. */
export async function listLimits(
  db: Db,
  subject: LimitSubject,
  filter: LimitFilter = {},
): Promise<LimitsTable[]> {
  return await db
    .selectFrom('limits')
    .select(LIMIT)
    .where((eb) => matches(eb, subject, filter))
    .orderBy('id')
    .execute()
}

/** The rules of several subjects of one kind. */
export async function listLimitsOf(
  db: Db,
  kind: string,
  ids: readonly string[],
): Promise<LimitsTable[]> {
  if (ids.length === 0) return []
  return await db
    .selectFrom('limits')
    .select(LIMIT)
    .where('subject_kind', '=', kind)
    .where('subject_id', 'in', ids)
    .orderBy('id')
    .execute()
}

/** Removes rules of one subject; returns how many. */
export async function deleteLimits(
  tx: Db,
  subject: LimitSubject,
  filter: LimitFilter,
): Promise<number> {
  const result = await tx
    .deleteFrom('limits')
    .where((eb) => matches(eb, subject, filter))
    .executeTakeFirst()
  return Number(result.numDeletedRows)
}

/** Removes one rule. */
export async function deleteLimit(tx: Db, id: string): Promise<void> {
  await tx.deleteFrom('limits').where('id', '=', id).execute()
}

const matches = (
  eb: ExpressionBuilder<Schema, 'limits'>,
  { kind, id }: LimitSubject,
  { gateway, model, shadowOnly, sharedOnly }: LimitFilter,
) =>
  eb.and([
    eb('subject_kind', '=', kind),
    eb('subject_id', '=', id),
    ...(gateway === undefined ? [] : [eb('gateway', '=', gateway)]),
    ...(model === undefined ? [] : [eb('model', '=', model)]),
    ...(shadowOnly ? [eb('shadow', '=', 1)] : []),
    ...(sharedOnly ? [eb('shared', '=', 1)] : []),
  ])
