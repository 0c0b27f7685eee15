import type { ErrorCode } from '../errors/codes.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { type Operation, operation } from './gateway.ts'

/** Clients try again what is 5xx, and this will be the same then. */
const HEADERS = { 'x-should-retry': 'false' }

/** An operation that only says why there is nothing like it here, which is more than a plain 404. */
export const refusing = (
  { name, method, paths }: Pick<Operation, 'name' | 'method' | 'paths'>,
  code: Extract<ErrorCode, 'not_implemented' | 'not_found'>,
  why: string,
): Operation => ({
  ...operation<never>({
    name,
    method,
    paths,
    permissions: [],
    body: null,
    model: null,
    work: null,
    handle: async () => {
      throw new GatewayError(code, why, { headers: HEADERS })
    },
  }),
  isOffered: false,
})
