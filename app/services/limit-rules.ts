import type { Db } from '../../db/client.ts'
import { listLimits } from '../../db/queries/limits.ts'
import type { LimitsTable } from '../../db/schema.ts'
import { ANY, type Rule, type Unit, type Window } from '../domain/limit.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { knownGateway, knownModel } from './limit-proposal.ts'
import type { FoundSubject } from './limit-subject.ts'

/** A rule that was set or removed. */
export interface SetRule extends Rule {
  /** Whether all members of the role have one bucket together. */
  readonly shared: boolean
}

/** A rule as it is now, and its amount before; null when there was none. */
export type NewRule = SetRule & { readonly before: number | null }

/** Which rules of a subject: those for exactly this gateway, and this model where it is given. */
export interface RuleSelection {
  readonly gateway: string
  readonly model?: string | undefined
  /** Only those that are just watched. */
  readonly shadowOnly?: boolean | undefined
  /** Only those that the members of a role share. */
  readonly sharedOnly?: boolean | undefined
}

/** The selection with canonical names. Throws invalid for a gateway or a model that can't be. */
export const checkedSelection = (
  { gateway, model, ...rest }: RuleSelection,
  gateways: readonly string[],
): RuleSelection => ({
  gateway: knownGateway(gateway, gateways),
  model: model === undefined ? undefined : knownModel(model),
  ...rest,
})

/** A not_found that says what there is in place of what was looked for. */
export async function noSuchRule(
  db: Db,
  subject: FoundSubject,
  { gateway, model = ANY, shadowOnly = false, sharedOnly = false }: RuleSelection,
): Promise<GatewayError> {
  const own = (await listLimits(db, subject)).map((row) => placeOf(toSetRule(row)))
  const places = [...new Set(own)].sort().join(', ')
  const rest = places === '' ? 'there are none at all' : `there are some ${places}`
  const place = placeOf({ gateway, model, shadow: shadowOnly, shared: sharedOnly })
  return new GatewayError('not_found', `no limits are set for ${subject.label} ${place}; ${rest}`)
}

const placeOf = ({
  gateway,
  model,
  shadow,
  shared,
}: Pick<SetRule, 'gateway' | 'model' | 'shadow' | 'shared'>): string =>
  [
    `through ${gateway}`,
    ...(model === ANY ? [] : [`with ${model}`]),
    ...(shared ? ['(shared)'] : []),
    ...(shadow ? ['(shadow)'] : []),
  ].join(' ')

/** A row as its rule. */
export const toSetRule = (row: LimitsTable): SetRule => ({
  gateway: row.gateway,
  model: row.model,
  unit: row.unit as Unit,
  window: row.window as Window,
  amount: row.amount,
  shadow: row.shadow === 1,
  shared: row.shared === 1,
})

/** Whether both are the same but for the amount. */
export const isSame = (a: SetRule, b: SetRule): boolean =>
  a.gateway === b.gateway &&
  a.model === b.model &&
  a.unit === b.unit &&
  a.window === b.window &&
  a.shadow === b.shadow &&
  a.shared === b.shared
