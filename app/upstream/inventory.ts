import type { Clock } from '../domain/clock.ts'
import { parseModelName } from '../domain/model-name.ts'
import type { ListedModel } from '../domain/native.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import type { Backend } from './backend.ts'
import type { OllamaClient } from './ollama.ts'

/** How long a host's list of models is believed without asking again, in ms. */
const FRESH_MS = 5000
/** How long an older list still serves while the host is asked again, in ms. */
const USABLE_MS = 30_000
/** How soon a list is read again for a model that is not in it, in ms. */
const MISS_MS = 500
/** How long a host that could not be asked is not asked again, in ms. */
const FAILURE_MS = 2000
/** How long a host may take to list its models, in ms. */
const LIST_TIMEOUT_MS = 2000

/** A model on a host, under one spelling of its name. */
export interface InstalledModel {
  readonly canonical: string
  /** True when the name only stands for a model that runs on ollama.com. */
  readonly cloud: boolean
  readonly entry: ListedModel
}

type Models = ReadonlyMap<string, InstalledModel>

/** What is known of one host. */
interface Knowledge {
  models: Models | null
  readAt: number
  failure: unknown
  failedAt: number
  reading: Promise<Models> | null
}

export interface Inventory {
  /** The models on the host, at most 30 s old. Throws a GatewayError when it can't be asked. */
  models(backend: Backend): Promise<Models>
  /** Whether the host has the model; asks it again before saying no. */
  find(backend: Backend, canonical: string): Promise<InstalledModel | undefined>
  /** Whether the host had the model when it was last asked, without asking now. */
  recall(backend: Backend, canonical: string): InstalledModel | undefined
  /** Forgets a list, because a model was just added or removed. */
  forget(backend: Backend): void
}

export function createInventory(needs: {
  readonly client: OllamaClient
  readonly clock: Clock
}): Inventory {
  const { client, clock } = needs
  const known = new Map<Backend, Knowledge>()

  const knowledgeOf = (backend: Backend): Knowledge => {
    const knowledge = known.get(backend) ?? {
      models: null,
      readAt: 0,
      failure: null,
      failedAt: Number.NEGATIVE_INFINITY,
      reading: null,
    }
    known.set(backend, knowledge)
    return knowledge
  }

  /** One question at a time per host; after a failure none for a while. */
  const read = (backend: Backend): Promise<Models> => {
    const knowledge = knowledgeOf(backend)
    if (knowledge.reading) return knowledge.reading
    if (clock.now() - knowledge.failedAt < FAILURE_MS) return Promise.reject(knowledge.failure)
    const reading = listModels(client, backend)
    knowledge.reading = reading
    return reading.then(
      (models) => {
        Object.assign(knowledge, { models, readAt: clock.now(), reading: null })
        return models
      },
      (failure) => {
        Object.assign(knowledge, { failure, failedAt: clock.now(), reading: null })
        throw failure
      },
    )
  }

  /** The list when it is at most so old, in ms; one that is no longer fresh is read again meanwhile. */
  const remember = (backend: Backend): Models | null => {
    const { models, readAt } = knowledgeOf(backend)
    const ageMs = clock.now() - readAt
    if (!models || ageMs > USABLE_MS) return null
    if (ageMs > FRESH_MS) read(backend).catch(() => {})
    return models
  }

  return {
    models: async (backend) => remember(backend) ?? (await read(backend)),
    recall: (backend, canonical) => remember(backend)?.get(canonical),
    async find(backend, canonical) {
      const remembered = remember(backend)
      const isRecent = clock.now() - knowledgeOf(backend).readAt < MISS_MS
      const found = remembered?.get(canonical)
      if (found || (remembered && isRecent)) return found
      return (await read(backend)).get(canonical)
    },
    // A new entry: an answer that is on its way belongs to the old one.
    forget: (backend) => void known.delete(backend),
  }
}

async function listModels(client: OllamaClient, backend: Backend): Promise<Models> {
  const request = { method: 'GET', endpoint: '/api/tags' } as const
  const response = await client.send(backend, request, AbortSignal.timeout(LIST_TIMEOUT_MS))
  try {
    const { models } = (await response.json()) as { models: readonly ListedModel[] }
    return byCanonicalName(models)
  } catch (cause) {
    throw new GatewayError('upstream_error', 'Ollama did not list its models; try again', { cause })
  }
}

function byCanonicalName(models: readonly ListedModel[]): Models {
  const installed = new Map<string, InstalledModel>()
  for (const entry of models) {
    const name = parseModelName(entry.name)
    if (!name) continue
    const cloud = name.cloud || Boolean(entry.remote_host)
    installed.set(name.canonical, { canonical: name.canonical, cloud, entry })
  }
  return installed
}
