import type { Context } from 'hono'
import { GatewayError } from '../errors/gateway-error.ts'
import type { BaseEnv } from '../factory.ts'
import type { CallerAddress, ClientAddress } from '../middleware/client-address.ts'
import type { DoorShield } from '../middleware/door-shield.ts'
import type { LoginShield } from '../middleware/login-shield.ts'
import type { RefreshBudget } from '../middleware/refresh-budget.ts'
import { refreshInvalid } from '../services/refresh.ts'
import { requireOwnOrigin } from './auth/refresh-cookie.ts'

export interface GuardsNeeds {
  readonly clientAddress: ClientAddress
  readonly callerAddress: CallerAddress
  readonly loginShield: Pick<LoginShield, 'attempt'>
  readonly refreshBudget: Pick<RefreshBudget, 'attempt'>
  readonly door: Pick<DoorShield, 'attempt'>
  /** The session that a refresh token names, genuine or not; null for junk. */
  readonly sessionIdOf: (refreshToken: string) => string | null
  readonly corsOrigins: readonly string[]
}

/** What stands in front of endpoints that anybody may call: each has to name one of these. */
export interface Guards {
  login<T>(username: string, attempt: () => Promise<T>): Promise<T>
  refresh<T>(token: string, attempt: () => Promise<T>): Promise<T>
  /** Runs a logout, which is as good when there was nothing to end; that counts as a failure. */
  logout(token: string, attempt: () => Promise<boolean>): Promise<void>
  stranger<T>(attempt: () => Promise<T>): Promise<T>
  /** Throws forbidden unless a page of our own, or one that may call, sends the request. */
  ownOrigin(): void
}

/** The guards for one request. */
export function createGuards(c: Context<BaseEnv>, needs: GuardsNeeds): Guards {
  const { headers } = c.req.raw
  const peer = c.env.peerAddress()
  const group = needs.clientAddress(peer, headers)
  return {
    stranger: (attempt) => needs.door.attempt({ group, visitor: null }, attempt),
    login: (username, attempt) =>
      needs.loginShield.attempt(
        { username, address: needs.callerAddress(peer, headers), group },
        attempt,
      ),
    refresh(token, attempt) {
      const sessionId = needs.sessionIdOf(token)
      return needs.door.attempt({ group, visitor: sessionId }, () =>
        needs.refreshBudget.attempt(sessionId, attempt),
      )
    },
    async logout(token, attempt) {
      const end = async (): Promise<void> => {
        if (!(await attempt())) throw refreshInvalid()
      }
      await needs.door.attempt({ group, visitor: needs.sessionIdOf(token) }, end).catch(isOver)
    },
    ownOrigin: () => requireOwnOrigin(headers, needs.corsOrigins),
  }
}

/** There is nothing to be told: whoever logs out wants it to be over. */
function isOver(err: unknown): void {
  if (!(err instanceof GatewayError) || err.code !== 'refresh_invalid') throw err
}
