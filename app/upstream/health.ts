import type { Clock } from '../domain/clock.ts'
import type { Backend } from './backend.ts'
import type { UpstreamResponse } from './http/client.ts'
import type { Endpoint, OllamaClient } from './ollama.ts'

/** How long a host may take to answer, in ms. */
const TIMEOUT_MS = 2000
/** How long what was found is told again without asking, in ms. */
const FRESH_MS = 2000

/** How an Ollama host is. */
export interface BackendHealth {
  /** `host:port`. */
  readonly name: string
  /** Up when it has told its version in time. */
  readonly status: 'up' | 'down'
  readonly version: string | null
  /** How many models it has; null when it did not tell in time. */
  readonly models: number | null
  /** How long it took to tell its version, in whole ms. */
  readonly latencyMs: number | null
}

export interface HealthNeeds {
  readonly client: OllamaClient
  readonly backends: readonly Backend[]
  readonly clock: Clock
}

export interface Health {
  /**
   * How every host is, as of at most two seconds ago and after at most two more. Rejects only when the
   * signal is aborted; others who wait for the same answers still get them.
   */
  check(signal?: AbortSignal): Promise<readonly BackendHealth[]>
}

/** How many of them are up. */
export const hostsUp = (hosts: readonly BackendHealth[]): number =>
  hosts.filter(({ status }) => status === 'up').length

/** Asks all hosts at once; whoever asks while they are being asked waits for the same answers. */
export function createHealth({ client, backends, clock }: HealthNeeds): Health {
  let known: { readonly at: number; readonly found: readonly BackendHealth[] } | null = null
  let asking: Promise<readonly BackendHealth[]> | null = null

  const ask = async (): Promise<readonly BackendHealth[]> => {
    const found = await Promise.all(backends.map((backend) => probe(client, backend, clock)))
    known = { at: clock.now(), found }
    return found
  }

  return {
    async check(signal) {
      signal?.throwIfAborted()
      if (known && clock.now() - known.at < FRESH_MS) return known.found
      asking ??= ask().finally(() => {
        asking = null
      })
      return await (signal ? Promise.race([asking, aborted(signal)]) : asking)
    },
  }
}

async function probe(client: OllamaClient, backend: Backend, clock: Clock): Promise<BackendHealth> {
  const { name } = backend
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const get = async (endpoint: Endpoint): Promise<unknown> => {
    const response = await client.send(backend, { method: 'GET', endpoint }, signal)
    return await readJson(response)
  }
  const startedAt = clock.now()
  const timed = get('/api/version').then((answer) => ({
    version: versionIn(answer),
    latencyMs: Math.max(0, Math.round(clock.now() - startedAt)),
  }))
  const [told, models] = await Promise.all([
    timed.catch(() => null),
    get('/api/tags').then(countIn, () => null),
  ])
  if (!told?.version) return { name, status: 'down', version: null, models: null, latencyMs: null }
  return { name, status: 'up', models, ...told }
}

/** Reads the answer of a host that is well; what else it says is left unread. */
async function readJson(response: UpstreamResponse): Promise<unknown> {
  if (response.ok) return await response.json()
  await response.body?.cancel()
  return null
}

function versionIn(answer: unknown): string | null {
  const version = (answer as { version?: unknown } | null)?.version
  return typeof version === 'string' && version !== '' ? version : null
}

function countIn(answer: unknown): number | null {
  const models = (answer as { models?: unknown } | null)?.models
  return Array.isArray(models) ? models.length : null
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
