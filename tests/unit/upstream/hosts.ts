import { type Backend, createBackend } from '../../../app/upstream/backend.ts'
import { upstreamFailure } from '../../../app/upstream/errors.ts'
import { HttpClientError } from '../../../app/upstream/http/errors.ts'
import type { OllamaClient, UpstreamRequest } from '../../../app/upstream/ollama.ts'

/** How a host answers one request. */
export type Answer = () => Response | Promise<Response>

export const refused: Answer = () => {
  throw upstreamFailure(new HttpClientError('ECONNREFUSED', 'refused'))
}
export const reset: Answer = () => {
  throw upstreamFailure(new HttpClientError('ECONNRESET', 'the connection was closed'))
}
export const hanging: Answer = () => new Promise(() => {})

/** What a host with these models answers to /api/tags. */
export const listing =
  (...names: string[]): Answer =>
  () =>
    Response.json({
      models: names.map((name) => ({ name, model: name, modified_at: '', size: 1 })),
    })

/** Hosts that answer as their entry says, which a test can change at any time. */
export function createHosts(answers: Record<string, Answer>) {
  const backends = Object.keys(answers).map((name) => createBackend(`http://${name}:11434`))
  const asked: string[] = []
  const nameOf = (backend: Backend): string => backend.name.replace(':11434', '')
  const client: OllamaClient = {
    async send(backend: Backend, { endpoint }: UpstreamRequest) {
      asked.push(`${nameOf(backend)} ${endpoint}`)
      return await (answers[nameOf(backend)] ?? refused)()
    },
  }
  const host = (name: string): Backend => {
    const found = backends.find((backend) => nameOf(backend) === name)
    if (!found) throw new Error(`no host ${name}`)
    return found
  }
  return { answers, asked, backends, client, host, nameOf }
}
