import type { Context } from 'hono'
import type { BaseEnv } from '../factory.ts'
import type { CallerAddress, ClientAddress } from '../middleware/client-address.ts'
import type { LoginShield } from '../middleware/login-shield.ts'
import type { RefreshBudget } from '../middleware/refresh-budget.ts'
import type { Shield } from '../middleware/shield.ts'
import { requireOwnOrigin } from './auth/refresh-cookie.ts'

export interface GuardsNeeds {
  readonly clientAddress: ClientAddress
  readonly callerAddress: CallerAddress
  readonly loginShield: Pick<LoginShield, 'attempt'>
  readonly refreshBudget: Pick<RefreshBudget, 'attempt'>
  /** Counts what fails that needs no login. */
  readonly strangerShield: Pick<Shield, 'attempt'>
  /** The session that a refresh token names, genuine or not; null for junk. */
  readonly sessionIdOf: (refreshToken: string) => string | null
  readonly corsOrigins: readonly string[]
}

/** What stands in front of endpoints that anybody may call: each has to name one of these. */
export interface Guards {
  login<T>(username: string, attempt: () => Promise<T>): Promise<T>
  refresh<T>(token: string, attempt: () => Promise<T>): Promise<T>
  stranger<T>(attempt: () => Promise<T>): Promise<T>
  /** Throws forbidden unless a page of our own, or one that may call, sends the request. */
  ownOrigin(): void
}

const nobodyIsKnown = (): boolean => false

/** The guards for one request. */
export function createGuards(c: Context<BaseEnv>, needs: GuardsNeeds): Guards {
  const { headers } = c.req.raw
  const peer = c.env.peerAddress()
  const group = needs.clientAddress(peer, headers)
  const stranger: Guards['stranger'] = (attempt) =>
    needs.strangerShield.attempt(group, nobodyIsKnown, attempt)
  return {
    stranger,
    login: (username, attempt) =>
      needs.loginShield.attempt(
        { username, address: needs.callerAddress(peer, headers), group },
        attempt,
      ),
    refresh: (token, attempt) =>
      stranger(() => needs.refreshBudget.attempt(needs.sessionIdOf(token), attempt)),
    ownOrigin: () => requireOwnOrigin(headers, needs.corsOrigins),
  }
}
