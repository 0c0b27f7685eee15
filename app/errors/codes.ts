export interface Code {
  /** HTTP status of the answer. */
  readonly status: number
  /** A short name of the problem that does not change from one occurrence to the next. */
  readonly title: string
  /** The registered problem type it is, if there is one. */
  readonly type?: string
}

/** Every error a caller can get. A code never changes its meaning; logs use the same word. */
export const CODES = {
  bad_host: { status: 400, title: 'Malformed Host header or request target' },
  bad_request: { status: 400, title: 'Invalid request' },
  two_credentials: { status: 400, title: 'More than one credential' },
  unauthorized: { status: 401, title: 'Not authenticated' },
  login_failed: { status: 401, title: 'Login failed' },
  refresh_invalid: { status: 401, title: 'Refresh token not valid' },
  forbidden: { status: 403, title: 'Not permitted' },
  not_found: { status: 404, title: 'Not found' },
  conflict: { status: 409, title: 'Conflict with what exists' },
  invalid: { status: 422, title: 'Invalid value' },
  model_not_found: { status: 404, title: 'Model not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  body_timeout: { status: 408, title: 'Request body too slow' },
  body_too_large: { status: 413, title: 'Request body too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  limit_reached: {
    status: 429,
    title: 'Limit reached',
    type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
  },
  too_many_failures: { status: 429, title: 'Too many failed attempts' },
  client_closed: { status: 499, title: 'Client closed the connection' },
  busy: { status: 503, title: 'Too busy' },
  not_implemented: { status: 501, title: 'Not offered here' },
  gateway_disabled: { status: 503, title: 'Gateway is switched off' },
  internal: { status: 500, title: 'Internal error' },
  upstream_error: { status: 502, title: 'Ollama failed' },
  upstream_unreachable: { status: 502, title: 'Ollama is not reachable' },
  upstream_incomplete: { status: 502, title: 'Ollama ended its answer early' },
  upstream_busy: { status: 503, title: 'Ollama is busy' },
  limits_unavailable: { status: 503, title: 'Limits cannot be checked' },
  ledger_unavailable: { status: 503, title: 'Usage cannot be recorded' },
  database_unavailable: { status: 503, title: 'Database not reachable' },
  shutting_down: { status: 503, title: 'Server is shutting down' },
  upstream_timeout: { status: 504, title: 'Ollama did not answer in time' },
  revoked: { status: 401, title: 'Access was withdrawn' },
} as const satisfies Record<string, Code>

export type ErrorCode = keyof typeof CODES
