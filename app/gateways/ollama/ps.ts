import { mayUseModel } from '../../domain/grant.ts'
import { parseModelName } from '../../domain/model-name.ts'
import { operation } from '../gateway.ts'
import { publicEntry } from './public-details.ts'

/** Ollama can't answer while it loads or unloads a model; longer than this, in ms, is not waited. */
const TIMEOUT_MS = 2000

interface LoadedModel {
  readonly name: string
  readonly details?: unknown
}

/** What is loaded at the moment, on all hosts that answer, of the models that the caller may use. */
export const ps = operation({
  name: 'ps',
  method: 'GET',
  paths: ['/api/ps', '/v1/ps'],
  permissions: [],
  body: null,
  model: null,
  work: null,
  handle: async ({ principal, policy }, { pool }) => {
    const request = { method: 'GET', endpoint: '/api/ps' } as const
    const lists = await pool.ask<{ models: LoadedModel[] }>(
      request,
      AbortSignal.timeout(TIMEOUT_MS),
    )
    const models = lists.flatMap((list) => list.models ?? [])
    const visible = models.filter(({ name }) => {
      const parsed = parseModelName(name)
      return parsed !== null && mayUseModel(principal, parsed)
    })
    return Response.json({ models: policy.trusted ? visible : visible.map(publicEntry) })
  },
})
