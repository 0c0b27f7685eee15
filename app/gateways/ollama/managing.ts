import { mayUseModel, type Principal } from '../../domain/grant.ts'
import { parseModelName } from '../../domain/model-name.ts'
import { GatewayError } from '../../errors/gateway-error.ts'
import { modelNotFound } from '../../middleware/model-access.ts'
import type { BackendPool } from '../../upstream/pool.ts'

/** Models are fetched to and made on the first host; where there are several, it is the library. */
export const libraryHost = (pool: BackendPool) => pool.backends.slice(0, 1)

/** Transfers take as long as they take, and the lists of models are out of date afterwards. */
export const transferOptions = (pool: BackendPool) => ({
  hasDeadline: false,
  onFinish: () => {
    for (const backend of pool.backends) pool.changed(backend)
  },
})

/**
 * A name for a model that need not exist yet, as it was written: registries may care about case.
 * Throws bad_request for what is no name, and 404 for a cloud model without `cloud:use`.
 */
export function newModelName(principal: Principal, text: string): string {
  const name = parseModelName(text)
  if (!name) throw new GatewayError('bad_request', `"${text.slice(0, 200)}" is not a model name`)
  if (!mayUseModel(principal, name)) throw modelNotFound(text)
  return text.trim()
}

/** The model of a request, under its new name or the older one; the schema sees to it that one is there. */
export const givenName = (body: {
  model?: string | undefined
  name?: string | undefined
}): string => body.model ?? body.name ?? ''
