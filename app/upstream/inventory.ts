import type { Clock } from '../domain/clock.ts'
import { parseModelName } from '../domain/model-name.ts'
import type { ListedModel } from '../domain/native.ts'
import type { Backend } from './backend.ts'
import type { OllamaClient } from './ollama.ts'

/** How long a host's list of models is believed, in ms. */
const TTL_MS = 5000
/** How long a host may take to list its models, in ms. */
const LIST_TIMEOUT_MS = 2000
/** How soon a list is read again for a model that is not in it, in ms. */
const MISS_TTL_MS = 500

/** A model on a host, under one spelling of its name. */
export interface InstalledModel {
  readonly canonical: string
  /** True when the name only stands for a model that runs on ollama.com. */
  readonly cloud: boolean
  readonly entry: ListedModel
}

interface Listing {
  readonly at: number
  readonly models: ReadonlyMap<string, InstalledModel>
}

export interface Inventory {
  /** The models on the host, at most 5 s old. Throws a GatewayError when it can't be asked. */
  models(backend: Backend): Promise<ReadonlyMap<string, InstalledModel>>
  /** Whether the host has the model; asks it again before saying no. */
  find(backend: Backend, canonical: string): Promise<InstalledModel | undefined>
  /** Forgets a list, because a model was just added or removed. */
  forget(backend: Backend): void
}

export function createInventory(needs: {
  readonly client: OllamaClient
  readonly clock: Clock
}): Inventory {
  const listings = new Map<Backend, Listing>()
  const pending = new Map<Backend, Promise<Listing>>()

  const read = async (backend: Backend): Promise<Listing> => {
    const signal = AbortSignal.timeout(LIST_TIMEOUT_MS)
    const request = { method: 'GET', endpoint: '/api/tags' } as const
    const response = await needs.client.send(backend, request, signal)
    const { models } = (await response.json()) as { models: ListedModel[] }
    const listing = { at: needs.clock.now(), models: byCanonicalName(models) }
    listings.set(backend, listing)
    return listing
  }

  /** One question at a time per host, whoever else wants to know. */
  const refresh = (backend: Backend): Promise<Listing> => {
    const running = pending.get(backend)
    if (running) return running
    const started = read(backend).finally(() => pending.delete(backend))
    pending.set(backend, started)
    return started
  }

  const fresh = async (backend: Backend, ttlMs: number): Promise<Listing> => {
    const known = listings.get(backend)
    if (!known) return await refresh(backend)
    const age = needs.clock.now() - known.at
    if (age < ttlMs) return known
    if (ttlMs < TTL_MS) return await refresh(backend)
    // What is a little old still serves; the next caller gets the new list.
    refresh(backend).catch(() => {})
    return known
  }

  return {
    models: async (backend) => (await fresh(backend, TTL_MS)).models,
    async find(backend, canonical) {
      const known = (await fresh(backend, TTL_MS)).models.get(canonical)
      return known ?? (await fresh(backend, MISS_TTL_MS)).models.get(canonical)
    },
    forget: (backend) => void listings.delete(backend),
  }
}

function byCanonicalName(models: readonly ListedModel[]): Map<string, InstalledModel> {
  const installed = new Map<string, InstalledModel>()
  for (const entry of models) {
    const name = parseModelName(entry.name)
    if (!name) continue
    const cloud = name.cloud || Boolean(entry.remote_host)
    installed.set(name.canonical, { canonical: name.canonical, cloud, entry })
  }
  return installed
}
