import { isPermitted, type Principal } from './domain/grant.ts'
import type { Config } from './settings.ts'

/** How long a request may take, in ms. */
export const deadlinesOf = (config: Config) => ({
  firstByteMs: config.firstByteTimeoutSeconds * 1000,
  idleMs: config.idleTimeoutSeconds * 1000,
  totalMs: config.requestTimeoutSeconds * 1000,
  heartbeatMs: config.heartbeatSeconds * 1000,
})

/** What a caller may ask of a model. */
export function policies({ maxPredictTokens, maxContextTokens, callerFields }: Config) {
  const limits = { maxPredictTokens, maxContextTokens, fields: new Set<string>(callerFields) }
  const anyone = { ...limits, trusted: false }
  const managers = { ...limits, trusted: true }
  return (principal: Principal) => (isPermitted(principal, 'models:manage') ? managers : anyone)
}
