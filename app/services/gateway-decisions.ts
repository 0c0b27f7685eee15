import type { Db } from '../../db/client.ts'
import { listGateways, listModelAliases } from '../../db/queries/gateways.ts'
import { combined, type GatewayDecisions, UNDECIDED } from '../domain/gateway-settings.ts'

/** What is decided about gateways in one place, by their names; about others nothing is. */
export type DecisionsByName = Readonly<Record<string, GatewayDecisions>>

/** What administrators have decided since the configuration was written. */
export async function readDecisions(db: Db): Promise<ReadonlyMap<string, GatewayDecisions>> {
  const [gateways, aliases] = await Promise.all([listGateways(db), listModelAliases(db)])
  const byGateway = Map.groupBy(aliases, ({ gateway }) => gateway)
  const names = new Set([...gateways.map(({ name }) => name), ...byGateway.keys()])
  return new Map(
    [...names].map((name) => {
      const row = gateways.find((gateway) => gateway.name === name)
      return [
        name,
        {
          enabled: row?.enabled == null ? null : row.enabled === 1,
          defaultModel: row?.default_model ?? null,
          aliases: (byGateway.get(name) ?? []).map(({ alias, model }) => ({ alias, model })),
        },
      ]
    }),
  )
}

/** What holds for a gateway: what was decided last, and else what the configuration says. */
export const decisionsOn = (
  name: string,
  fromFile: DecisionsByName,
  since: ReadonlyMap<string, GatewayDecisions>,
): GatewayDecisions => combined(configured(name, fromFile), since.get(name) ?? UNDECIDED)

/** What the configuration says about a gateway. */
const configured = (name: string, fromFile: DecisionsByName): GatewayDecisions =>
  (Object.hasOwn(fromFile, name) ? fromFile[name] : undefined) ?? UNDECIDED
