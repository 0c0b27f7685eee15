import type { GatewayError } from './gateway-error.ts'
import { ollamaErrorBody } from './ollama.ts'
import { problemBody } from './problem.ts'

/** How the callers of one group of routes expect to read an error. */
export type Dialect = 'ollama' | 'problem'

const BODIES = { ollama: ollamaErrorBody, problem: problemBody }
const MEDIA_TYPES = { ollama: 'application/json', problem: 'application/problem+json' }

/** The whole response to a refused or failed request, in the caller's dialect. */
export function renderError(err: GatewayError, dialect: Dialect, requestId: string): Response {
  return new Response(BODIES[dialect](err, requestId), {
    status: err.status,
    headers: {
      ...err.headers,
      'content-type': MEDIA_TYPES[dialect],
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': requestId,
    },
  })
}
