import { parseModelName } from '../../app/domain/model-name.ts'
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

interface Listed {
  readonly name: string
  readonly capabilities?: readonly string[]
  readonly remote_host?: string
}

/** The names of the models there that can chat, or null when nobody answers. */
async function listModels(url: string): Promise<string[] | null> {
  try {
    const response = await fetch(`${url}/api/tags`, {
      signal: AbortSignal.timeout(LOOK_TIMEOUT_MS),
    })
    const { models } = (await response.json()) as { models: readonly Listed[] }
    return models.filter((model) => isHere(model) && canChat(model)).map(({ name }) => name)
  } catch {
    return null
  }
}

/** False for a model that runs on ollama.com: the demo's user may not use it. */
const isHere = ({ name, remote_host }: Listed): boolean =>
  !remote_host && parseModelName(name)?.cloud === false

const canChat = ({ capabilities }: Listed): boolean =>
  capabilities === undefined || capabilities.includes('completion')
