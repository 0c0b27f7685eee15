import type { ClientHints, HintOptions } from '../domain/client-hints.ts'
import { type GatewayState, gatewayState } from '../domain/gateway-state.ts'
import { type Grant, isPermitted, mayUseModel } from '../domain/grant.ts'
import type { ModelAliases } from '../domain/model-aliases.ts'
import { parseModelName } from '../domain/model-name.ts'
import type { Permission } from '../domain/role.ts'
import type { GatewaySettingsNeeds } from '../middleware/gateway-open.ts'
import { type Health, hostsUp } from '../upstream/health.ts'
import type { BackendPool } from '../upstream/pool.ts'

/** What is told about a gateway's operation. */
interface DescribedOperation {
  readonly method: string
  readonly paths: readonly string[]
  readonly permissions: readonly Permission[]
  readonly isOffered: boolean
}

/** A gateway, as far as it is told to those who look for one. */
export interface DescribedGateway {
  readonly name: string
  readonly basePath: string
  readonly features: readonly string[]
  readonly hints: (options: HintOptions) => ClientHints
  readonly operations: readonly DescribedOperation[]
}

export interface DiscoveryDocumentNeeds extends GatewaySettingsNeeds {
  readonly health: Health
  readonly gateways: readonly DescribedGateway[]
  readonly version: string
  readonly pool: BackendPool
}

/** A gateway as others read it. */
export interface DiscoveredGateway {
  readonly base_path: string
  readonly status: GatewayState
  readonly features: readonly string[]
  /** Methods with their paths. */
  readonly endpoints: readonly string[]
  /** By alias; left out for strangers. */
  readonly model_mappings?: Readonly<Record<string, string>>
  readonly default_model?: string | null
}

/** What can be reached here, under the names that the predecessor had. */
export interface DiscoveryDocument {
  readonly name: 'parallama'
  /** Left out for strangers. */
  readonly version?: string
  readonly gateways: Readonly<Record<string, DiscoveredGateway>>
  /** The path of the page that explains our own API. */
  readonly documentation: string
}

/**
 * What can be reached here by whoever asks. Strangers are told no version and no model; the others those
 * that they may use, so that what is not theirs looks as though it were not there.
 */
export async function discoveryDocument(
  { gateways, health, pool, version, settingsOf }: DiscoveryDocumentNeeds,
  caller: Grant | null,
): Promise<DiscoveryDocument> {
  const up = health.check().then(hostsUp)
  const mayUse = caller && (await usableBy(caller, pool))
  const found = gateways.map(async (gateway) => {
    const { name, basePath, features } = gateway
    const { enabled, aliases } = await settingsOf(name)
    const discovered: DiscoveredGateway = {
      base_path: basePath,
      status: gatewayState(enabled, await up),
      features,
      endpoints: endpointsOf(gateway, caller),
      ...(caller && mayUse && modelsOf(gateway, aliases, caller, mayUse)),
    }
    return [name, discovered] as const
  })
  return {
    name: 'parallama',
    ...(caller && { version }),
    gateways: Object.fromEntries(await Promise.all(found)),
    documentation: '/docs',
  }
}

/** What takes no more than the gateway itself is told to everybody. */
function endpointsOf(
  { name, basePath, operations }: DescribedGateway,
  caller: Grant | null,
): string[] {
  const mayHave = ({ permissions }: DescribedOperation): boolean =>
    permissions.length === 0 ||
    [`gateway:${name}` as const, ...permissions].every(
      (permission) => caller !== null && isPermitted(caller, permission),
    )
  return operations
    .filter((operation) => operation.isOffered && mayHave(operation))
    .flatMap(({ method, paths }) => paths.map((path) => `${method} ${basePath}${asTemplate(path)}`))
}

/** A route with its parameters as OpenAPI writes them. */
const asTemplate = (path: string): string => path.replace(/:(\w+)(\{[^}]*\})?/g, '{$1}')

type MayUse = (model: string) => boolean

/** Which models the caller may use; none while nobody can tell which of them run elsewhere. */
async function usableBy(caller: Grant, pool: Pick<BackendPool, 'installed'>): Promise<MayUse> {
  const installed = await pool.installed().catch(() => null)
  if (!installed) return () => false
  const byName = new Map(installed.map((model) => [model.canonical, model]))
  return (text) => {
    const name = parseModelName(text)
    return name !== null && mayUseModel(caller, byName.get(name.canonical) ?? name)
  }
}

function modelsOf(
  { name }: DescribedGateway,
  aliases: ModelAliases,
  caller: Grant,
  mayUse: MayUse,
) {
  const isTheirs = isPermitted(caller, `gateway:${name}`)
  const theirs = isTheirs ? [...aliases.named, ...aliases.patterns] : []
  const [standard] = isTheirs ? aliases.candidates('') : []
  return {
    model_mappings: Object.fromEntries(
      theirs.filter(({ model }) => mayUse(model)).map(({ alias, model }) => [alias, model]),
    ),
    default_model: standard !== undefined && mayUse(standard) ? standard : null,
  }
}
