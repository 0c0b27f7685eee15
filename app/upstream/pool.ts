import type { Clock } from '../domain/clock.ts'
import type { ModelName } from '../domain/model-name.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Backend } from './backend.ts'
import { isUnreachable, upstreamRefusal } from './errors.ts'
import type { UpstreamResponse } from './http/client.ts'
import type { InstalledModel, Inventory } from './inventory.ts'
import type { OllamaClient, UpstreamRequest } from './ollama.ts'

/** How long a host that could not be reached is passed over, in ms. */
const DOWN_MS = 2000

export interface PoolNeeds {
  readonly backends: readonly Backend[]
  readonly client: OllamaClient
  readonly inventory: Inventory
  readonly clock: Clock
}

/** A model and the hosts that have it. */
export interface Placement {
  readonly model: InstalledModel
  readonly backends: readonly Backend[]
}

export interface Answer {
  readonly backend: Backend
  readonly response: UpstreamResponse
}

export interface BackendPool {
  /** Where the model is, or null when no reachable host has it. Throws when none can be reached. */
  locate(model: ModelName): Promise<Placement | null>
  /** Every model on any host, each once. Throws when no host can be reached. */
  installed(): Promise<InstalledModel[]>
  /**
   * Sends to the least busy of the hosts, and to the next when one can't be reached. Resolves at
   * the headers; the caller ends the request with `release`.
   */
  send(
    hosts: readonly Backend[],
    request: UpstreamRequest,
    signal: AbortSignal,
    onSend: (backend: Backend) => void,
  ): Promise<Answer>
  /** Every host's answer to the same small question; throws when none of them gives one. */
  ask<T>(request: UpstreamRequest, signal: AbortSignal): Promise<T[]>
  /** Says that a request sent to the host is over. */
  release(backend: Backend): void
  /** Says that a host's models have changed. */
  changed(backend: Backend): void
  readonly backends: readonly Backend[]
}

export function createPool({ backends, client, inventory, clock }: PoolNeeds): BackendPool {
  /** Runs a question on all hosts; throws the first failure when none answers. */
  async function onAll<T>(question: (backend: Backend) => Promise<T>): Promise<[Backend, T][]> {
    const answers = await Promise.allSettled(backends.map(question))
    const good = answers.flatMap((answer, i): [Backend, T][] => {
      const backend = backends[i]
      return answer.status === 'fulfilled' && backend ? [[backend, answer.value]] : []
    })
    if (good.length > 0) return good
    throw unreachable(
      answers.map((answer) => (answer.status === 'rejected' ? answer.reason : null)),
    )
  }

  /** Asks all hosts and takes the first that has the model: one that hangs must not delay the others. */
  async function search(canonical: string): Promise<InstalledModel | null> {
    const questions = backends.map(async (backend) => {
      const found = await inventory.find(backend, canonical)
      return found ?? Promise.reject(null)
    })
    try {
      return await Promise.any(questions)
    } catch (err) {
      const failures = err instanceof AggregateError ? err.errors : [err]
      if (failures.includes(null)) return null
      throw unreachable(failures)
    }
  }

  return {
    backends,

    async locate(model) {
      const { canonical } = model
      const recalled = backends.map((backend) => inventory.recall(backend, canonical))
      const found = recalled.find((one) => one !== undefined) ?? (await search(canonical))
      if (found) {
        const having = backends.filter((backend) => inventory.recall(backend, canonical))
        return { model: found, backends: having }
      }
      // A cloud model needs no local stub.
      return model.cloud ? { model: { ...model, entry: stub(canonical) }, backends } : null
    },

    async installed() {
      const lists = await onAll((backend) => inventory.models(backend))
      const merged = new Map(lists.flatMap(([, models]) => [...models]).reverse())
      return [...merged.values()].reverse()
    },

    async send(hosts, request, signal, onSend) {
      let failure: unknown
      for (const backend of inOrder(hosts, clock.now())) {
        backend.inFlight++
        onSend(backend)
        try {
          return { backend, response: await client.send(backend, request, signal) }
        } catch (err) {
          backend.inFlight--
          failure = err
          const cause = err instanceof Error ? err.cause : undefined
          if (!isUnreachable(cause) || signal.aborted) break
          backend.downUntil = clock.now() + DOWN_MS
        }
      }
      throw failure ?? unreachable([])
    },

    async ask<T>(request: UpstreamRequest, signal: AbortSignal) {
      const answers = await onAll(async (backend) => {
        const response = await client.send(backend, request, signal)
        if (!response.ok) throw upstreamRefusal(response.status, await response.text())
        return (await response.json()) as T
      })
      return answers.map(([, answer]) => answer)
    },

    release: (backend) => void backend.inFlight--,
    changed: (backend) => inventory.forget(backend),
  }
}

/** The least busy first; hosts that were just unreachable last, because they may be back. */
function inOrder(hosts: readonly Backend[], now: number): Backend[] {
  const down = (backend: Backend): number => Number(backend.downUntil > now)
  return [...hosts].sort((a, b) => down(a) - down(b) || a.inFlight - b.inFlight)
}

const unreachable = (causes: readonly unknown[]): GatewayError => {
  const cause = causes.find((reason) => reason !== null)
  if (cause instanceof GatewayError) return cause
  return new GatewayError('upstream_unreachable', 'Ollama is not reachable; try again later', {
    cause,
    headers: { 'retry-after': '5' },
  })
}

const stub = (name: string) => ({ name, model: name, modified_at: '', size: 0, digest: '' })
