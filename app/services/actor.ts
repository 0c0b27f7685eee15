import type { Principal } from '../domain/grant.ts'

/** Who does something. */
export interface Actor {
  /** As the audit log names them: `cli:root`, `user:anna`, `system`. */
  readonly name: string
  /** From where: an address, or the name of a machine; null when that can't be told. */
  readonly address: string | null
  /** The request that asks for it; null when it is none. */
  readonly requestId: string | null
  /** What they may do; null for whoever holds the machine, and with it everything. */
  readonly principal: Principal | null
}

/** What the server does of its own accord. */
export const SYSTEM: Actor = { name: 'system', address: null, requestId: null, principal: null }
