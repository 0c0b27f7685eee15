import { Counter, Histogram, type Registry } from 'prom-client'
import type { UsageRecord } from '../domain/usage.ts'

/** So many models are told apart; further ones are counted together. */
const MAX_MODELS = 200
const OTHER_MODELS = 'other'

/** From a list of models to an answer of the longest kind, in seconds. */
const REQUEST_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800]
/** From a loaded model and a short prompt to a queue and a cold start, in seconds. */
const FIRST_TOKEN_SECONDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640]

/**
 * What is counted about admitted requests: the same as in the ledger. Only tokens are told apart by
 * model; a histogram for each would be too much to render in the midst of live streams.
 */
export interface RequestMetrics {
  /** Counts the request that left this row. */
  observeRequest(record: UsageRecord): void
}

/** Registers the family of requests; once for each registry. */
export function createRequestMetrics(registry: Registry): RequestMetrics {
  const registers = [registry]
  const requests = new Counter({
    name: 'parallama_requests_total',
    help: 'Admitted requests by how they ended',
    labelNames: ['gateway', 'operation', 'outcome', 'status_class'],
    registers,
  })
  const tokens = new Counter({
    name: 'parallama_tokens_total',
    help: 'Tokens of prompts and of answers, as in the usage ledger',
    labelNames: ['gateway', 'model', 'kind'],
    registers,
  })
  const requestSeconds = new Histogram({
    name: 'parallama_request_seconds',
    help: 'How long admitted requests took from their arrival to their last byte',
    labelNames: ['gateway', 'operation'],
    buckets: REQUEST_SECONDS,
    registers,
  })
  const firstTokenSeconds = new Histogram({
    name: 'parallama_first_token_seconds',
    help: 'How long streamed answers took from the arrival of the request to their first token',
    labelNames: ['gateway', 'operation'],
    buckets: FIRST_TOKEN_SECONDS,
    registers,
  })
  const modelLabel = createModelLabel()

  return {
    observeRequest(record) {
      const { gateway, operation, outcome } = record
      const { promptTokens, completionTokens, firstTokenMs } = record
      requests.inc({ gateway, operation, outcome, status_class: classOf(record.status) })
      requestSeconds.observe({ gateway, operation }, toSeconds(record.totalMs))
      if (promptTokens + completionTokens > 0) {
        const model = modelLabel(record.model)
        tokens.inc({ gateway, model, kind: 'prompt' }, promptTokens)
        tokens.inc({ gateway, model, kind: 'completion' }, completionTokens)
      }
      // The first record of an answer without tokens is about a load, or about a download.
      if (firstTokenMs !== null && completionTokens > 0) {
        firstTokenSeconds.observe({ gateway, operation }, toSeconds(firstTokenMs))
      }
    },
  }
}

/** Who creates models without end must not make the metrics grow without end. */
function createModelLabel(): (model: string | null) => string {
  const known = new Set<string>()
  return (model) => {
    if (model === null) return ''
    if (!known.has(model) && known.size === MAX_MODELS) return OTHER_MODELS
    known.add(model)
    return model
  }
}

const classOf = (status: number): string => `${Math.floor(status / 100)}xx`

/** A clock that was set back must not make a sum fall: that would look like a restart. */
const toSeconds = (ms: number): number => Math.max(0, ms) / 1000
