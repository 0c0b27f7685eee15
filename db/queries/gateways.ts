import type { Db } from '../client.ts'
import { inByteOrder } from '../codec.ts'
import type { GatewaysTable, ModelAliasesTable } from '../schema.ts'

const GATEWAY = [
  'name',
  'enabled',
  'default_model',
  'updated_at',
] as const satisfies readonly (keyof GatewaysTable)[]

const ALIAS = [
  'gateway',
  'alias',
  'model',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof ModelAliasesTable)[]

/** Every gateway about which something was decided. */
export async function listGateways(db: Db): Promise<GatewaysTable[]> {
  return await db.selectFrom('gateways').select(GATEWAY).orderBy(inByteOrder(db, 'name')).execute()
}

/** What is decided about a gateway now; what is left out stays. */
export type GatewayChange = Pick<GatewaysTable, 'name' | 'updated_at'> &
  Partial<Pick<GatewaysTable, 'enabled' | 'default_model'>>

export async function upsertGateway(tx: Db, change: GatewayChange): Promise<void> {
  const { name, ...rest } = change
  await tx
    .insertInto('gateways')
    .values({ name, enabled: null, default_model: null, ...rest })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(rest))
    .execute()
}

/** The aliases of all gateways, in the order of gateways and aliases. */
export async function listModelAliases(db: Db): Promise<ModelAliasesTable[]> {
  return await db
    .selectFrom('model_aliases')
    .select(ALIAS)
    .orderBy(inByteOrder(db, 'gateway'))
    .orderBy(inByteOrder(db, 'alias'))
    .execute()
}

/** Adds aliases; one that is there already gets the new model and keeps its age. */
export async function upsertModelAliases(
  tx: Db,
  aliases: readonly ModelAliasesTable[],
): Promise<void> {
  if (aliases.length === 0) return
  await tx
    .insertInto('model_aliases')
    .values(aliases)
    .onConflict((conflict) =>
      conflict.columns(['gateway', 'alias']).doUpdateSet((eb) => ({
        model: eb.ref('excluded.model'),
        updated_at: eb.ref('excluded.updated_at'),
      })),
    )
    .execute()
}

export async function deleteModelAliases(
  tx: Db,
  gateway: string,
  aliases: readonly string[],
): Promise<void> {
  if (aliases.length === 0) return
  await tx
    .deleteFrom('model_aliases')
    .where('gateway', '=', gateway)
    .where('alias', 'in', aliases)
    .execute()
}
