import type { Db } from '../../db/client.ts'
import type { ModelAlias } from '../domain/model-aliases.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { type DecisionsByName, decisionsOn, readDecisions } from './gateway-decisions.ts'
import { unknownName } from './known-names.ts'

/** A gateway and where it is. */
export interface GatewayPlace {
  readonly name: string
  readonly path: string
}

/** An alias and who has given it: the configuration, or an administrator since. */
export interface GivenAlias extends ModelAlias {
  readonly origin: 'configuration' | 'administrator'
}

/** A gateway with all that is decided about it. */
export interface GatewayView extends GatewayPlace {
  readonly enabled: boolean
  /** What stands for a model that nobody names; null for none. */
  readonly defaultModel: string | null
  /** In the order of the alphabet. */
  readonly aliases: readonly GivenAlias[]
}

export interface GatewayViewNeeds {
  /** Every gateway. */
  readonly places: readonly GatewayPlace[]
  /** What the configuration says; what is in the database goes before it. */
  readonly fromFile: DecisionsByName
}

/** All gateways, as they are now. */
export async function readGateways(
  db: Db,
  { places, fromFile }: GatewayViewNeeds,
): Promise<GatewayView[]> {
  const since = await readDecisions(db)
  return places.map(({ name, path }) => {
    const { enabled, defaultModel, aliases } = decisionsOn(name, fromFile, since)
    const later = new Set(since.get(name)?.aliases.map(({ alias }) => alias))
    const given = aliases.map(
      (alias): GivenAlias => ({
        ...alias,
        origin: later.has(alias.alias) ? 'administrator' : 'configuration',
      }),
    )
    return {
      name,
      path,
      enabled: enabled ?? true,
      defaultModel: defaultModel || null,
      aliases: given.sort((a, b) => (a.alias < b.alias ? -1 : 1)),
    }
  })
}

/** The gateway of that name, as it is now. Throws not_found. */
export async function readGateway(
  db: Db,
  needs: GatewayViewNeeds,
  name: string,
): Promise<GatewayView> {
  const found = (await readGateways(db, needs)).find((gateway) => gateway.name === name)
  if (!found) throw noSuchGateway(needs, name)
  return found
}

/** Throws not_found for a name that is no gateway's, with the nearest and all of them. */
export function requireGateway(needs: Pick<GatewayViewNeeds, 'places'>, name: string): void {
  if (!needs.places.some((place) => place.name === name)) throw noSuchGateway(needs, name)
}

const noSuchGateway = ({ places }: Pick<GatewayViewNeeds, 'places'>, name: string): GatewayError =>
  new GatewayError(
    'not_found',
    unknownName(
      'gateway',
      name,
      places.map((place) => place.name),
    ),
  )
