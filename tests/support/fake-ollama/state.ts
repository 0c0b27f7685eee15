import { ApiError } from './api-error.ts'
import { parseModelName } from './model-name.ts'
import type { FakeModel, ModelStore } from './models.ts'
import type { RecordedRequest } from './recorder.ts'
import type { Reply } from './reply.ts'
import type { Runner } from './runner.ts'

/** What the default handlers work on. */
export interface FakeState {
  readonly models: ModelStore
  readonly runner: Runner
  /** Digests (`sha256:…`) that were uploaded. */
  readonly blobs: Set<string>
  /** Names that /api/pull can find. */
  readonly registry: readonly string[]
  readonly version: string
  /** OLLAMA_NO_CLOUD is set. */
  readonly noCloud: boolean
  /** Requests that a real Ollama would have passed on to ollama.com, or made there itself. */
  readonly cloudCalls: RecordedRequest[]
  readonly answer: (model: string, prompt: string) => string
}

/** Answers one request as Ollama does; `parameter` is the path's last segment, decoded. */
export type Handler = (reply: Reply, state: FakeState, parameter: string) => Promise<void>

/** How each endpoint words its refusal of a model that is not there. */
export type Missing = (name: string) => ApiError

/** `model 'x' not found`. */
export function notFound(name: string): ApiError {
  return new ApiError(404, `model '${name}' not found`)
}

/**
 * The installed model the request names. A cloud name is counted and refused; anything else that
 * is not installed throws `missing`.
 */
export function findModel(
  reply: Reply,
  state: FakeState,
  name: string,
  missing: Missing = notFound,
): FakeModel {
  const parsed = parseModelName(name)
  if (parsed?.cloud) refuseCloud(reply, state)
  const model = state.models.find(parsed)
  if (!model) throw missing(name)
  return model
}

/** Refuses what only ollama.com could answer, and counts it unless the cloud is switched off. */
export function refuseCloud(reply: Reply, state: FakeState): never {
  if (state.noCloud) {
    throw new ApiError(403, 'ollama cloud is disabled: remote model is unavailable')
  }
  state.cloudCalls.push(reply.request)
  throw new ApiError(401, 'unauthorized', {
    signin_url: 'https://ollama.com/connect?name=operator-host&key=c3NoLWVkMjU1MTk',
  })
}
