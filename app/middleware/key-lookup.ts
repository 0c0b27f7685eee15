import type { MiddlewareHandler } from 'hono'
import { CHALLENGE, INVALID_TOKEN, readCredential, unauthorized } from '../auth/credential.ts'
import { isAmong } from '../domain/address.ts'
import type { Principal } from '../domain/grant.ts'
import type { KeyUse } from '../domain/key-use.ts'
import { GatewayError, nothingHere } from '../errors/gateway-error.ts'
import type { BaseEnv } from '../factory.ts'
import { keyInPath } from '../request-path.ts'
import type { CallerAddress } from './client-address.ts'

export interface KeyLookupNeeds {
  readonly verifier: { verify(credential: string): Promise<Principal | null> }
  /** From where a request comes, or null. */
  readonly callerAddress: CallerAddress
  /** Told of each use of a key. */
  readonly onKeyUse: (use: KeyUse) => void
  /** Whether a key is accepted as `/ollama/k/KEY/…`. */
  readonly acceptsKeyInPath: boolean
}

export interface PrincipalEnv extends BaseEnv {
  Variables: BaseEnv['Variables'] & { principal: Principal }
}

/** Finds out who is calling, or refuses with 401. Fails closed: no database, no new callers. */
export const keyLookup = ({
  verifier,
  acceptsKeyInPath,
  callerAddress,
  onKeyUse,
}: KeyLookupNeeds): MiddlewareHandler<PrincipalEnv> =>
  async function keyLookup(c, next) {
    const credential = presentedKey(c.req.raw, acceptsKeyInPath)
    if (credential === null) throw unauthorized(CHALLENGE)
    const principal = await verifier.verify(credential).catch((err: unknown) => {
      throw new GatewayError(
        'database_unavailable',
        'keys cannot be checked at the moment; try again',
        {
          cause: err,
          headers: { 'retry-after': '2' },
        },
      )
    })
    const address = callerAddress(c.env.peerAddress(), c.req.raw.headers)
    if (!principal || !mayComeFrom(principal, address)) throw unauthorized(INVALID_TOKEN)
    c.set('principal', principal)
    if (principal.sessionId === null) {
      onKeyUse({ keyId: principal.keyId, address, agent: c.req.header('user-agent') ?? null })
    }
    await next()
  }

const mayComeFrom = ({ addresses }: Principal, address: string | null): boolean =>
  addresses === null || isAmong(addresses, address)

/**
 * The credential of a request, or null. Throws 404 for one in the path where that is switched off,
 * 400 for two different ones and 401 for a header that can't hold one.
 */
export function presentedKey(request: Request, acceptsKeyInPath: boolean): string | null {
  const fromPath = keyInPath(request.url)
  if (fromPath !== null && !acceptsKeyInPath) throw nothingHere()
  return readCredential(request.headers, fromPath)
}
