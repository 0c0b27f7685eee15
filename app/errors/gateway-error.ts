import { withoutSecrets } from '../domain/secret-text.ts'
import { CODES, type ErrorCode } from './codes.ts'

export interface GatewayErrorOptions {
  /** For the log only: what really happened. */
  readonly cause?: unknown
  /** Response headers that belong to this refusal (`Allow`, `Retry-After`, `WWW-Authenticate`). */
  readonly headers?: Readonly<Record<string, string>>
  /** Overrides the status of the code, for an upstream error that is passed on as it came. */
  readonly status?: number
  /** Which field of the body it is about, as a path: `messages[0].content`. */
  readonly field?: string | undefined
  /** What else programs can read about it, in every dialect. */
  readonly details?: Details
  /** The same for problem details only. */
  readonly problemDetails?: Details
}

/** Additional members of an error's body; those that every error has keep their own values. */
export type Details = Readonly<Record<string, unknown>>

/** A refusal or failure. `message` is written for the caller: what is wrong and what to do. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: ErrorCode
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Null when it is about no field, or about the whole. */
  readonly field: string | null
  readonly details: Details
  readonly problemDetails: Details

  constructor(code: ErrorCode, message: string, options: GatewayErrorOptions = {}) {
    // People paste keys where a name is asked for, and sentences quote what was given.
    super(withoutSecrets(message), { cause: options.cause })
    this.code = code
    this.status = options.status ?? CODES[code].status
    this.headers = options.headers ?? {}
    this.field = options.field ?? null
    this.details = options.details ?? {}
    this.problemDetails = options.problemDetails ?? {}
  }
}

/** The members of an error's body with the details after them, none of which takes their place. */
export const withDetails = (members: Details, details: Details): Details => ({
  ...members,
  ...details,
  ...members,
})

/** Any thrown value as a GatewayError; what we did not foresee gets a fixed text. */
export function toGatewayError(err: unknown): GatewayError {
  if (err instanceof GatewayError) return err
  return new GatewayError(
    'internal',
    'something went wrong on our side; please try again, and give the request id if you report it',
    { cause: err },
  )
}

/** The refusal of a body because of one of its fields, which the message names. */
export const badField = (field: string, problem: string): GatewayError =>
  new GatewayError('bad_request', `${field}: ${problem}`, { field })

/** The answer for every address that has no route. */
export const nothingHere = (): GatewayError =>
  new GatewayError('not_found', 'there is nothing at this address')

/** The refusal of a method, with those that work at this address. */
export function methodNotAllowed(method: string, allowed: readonly string[]): GatewayError {
  const allow = allowed.join(', ')
  return new GatewayError('method_not_allowed', `${method} is not used here; use ${allow}`, {
    headers: { allow },
  })
}
