import { GatewayError } from '../errors/gateway-error.ts'
import type { Limiter } from './limiter.ts'

/** A limiter that can decide nothing, as when both its stores are gone: for tests. */
export const createBrokenLimiter = (): Limiter => ({
  mode: 'local',
  owed: 0,
  admit: () => Promise.reject(new GatewayError('limits_unavailable', 'limits cannot be checked')),
  settle() {},
  close: async () => {},
})
