import { startSimulatedOllama } from './simulated-ollama.ts'

const LOOK_TIMEOUT_MS = 2000

export interface FoundOllama {
  readonly url: string
  readonly model: string
  /** What was found, as a sentence for the person who watches. */
  readonly story: string
  readonly stop: () => Promise<void>
}

/** The Ollama at the configured address with its first model or, failing that, a simulated one. */
export async function findOllama(url: string): Promise<FoundOllama> {
  const models = await listModels(url)
  const [model] = models ?? []
  if (model) return { url, model, story: `Found Ollama at ${url}.`, stop: async () => {} }
  const simulated = await startSimulatedOllama()
  const why = models ? `Ollama at ${url} has no model yet` : `There is no Ollama at ${url}`
  const [first = ''] = (await listModels(simulated.url)) ?? []
  return {
    ...simulated,
    model: first,
    story: `${why}, so a SIMULATED one was started at ${simulated.url}: its answers are not a model's.`,
  }
}

/** The names of the models there, or null when nobody answers. */
async function listModels(url: string): Promise<string[] | null> {
  try {
    const response = await fetch(`${url}/api/tags`, {
      signal: AbortSignal.timeout(LOOK_TIMEOUT_MS),
    })
    const { models } = (await response.json()) as {
      models: { name: string; capabilities?: string[] }[]
    }
    return models.filter(canChat).map(({ name }) => name)
  } catch {
    return null
  }
}

const canChat = ({ capabilities }: { capabilities?: string[] }): boolean =>
  capabilities === undefined || capabilities.includes('completion')
