import { expect } from 'bun:test'
import type { GatewayError } from '../../../../app/errors/gateway-error.ts'

/** The refusal that this ends in; null when it does not. */
export function refusalOf(read: () => unknown): GatewayError | null {
  try {
    read()
  } catch (err) {
    return err as GatewayError
  }
  return null
}

/** What matters of it. */
export function refusal(read: () => unknown) {
  const err = refusalOf(read)
  return err && { status: err.status, code: err.code, field: err.field, message: err.message }
}

/** A refusal because of that field, whose problem begins with these words. */
export const refused = (field: string, problem: string) => ({
  status: 400,
  code: 'bad_request' as const,
  field,
  message: expect.stringContaining(`${field}: ${problem}`),
})
