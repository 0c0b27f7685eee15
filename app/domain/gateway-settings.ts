import type { ModelAliases } from './model-aliases.ts'

/** What administrators have decided about a gateway. */
export interface GatewaySettings {
  readonly enabled: boolean
  readonly aliases: ModelAliases
}
