import { ApiError } from './api-error.ts'
import { readGoBody } from './go-body.ts'
import { goTime } from './go-text.ts'
import { details, showEntry, tagsEntry } from './models.ts'
import { sendJson } from './send.ts'
import { findModel, type Handler, refuseCloud } from './state.ts'

/** GET and HEAD /. */
export const root: Handler = (reply) =>
  reply.whole(200, 'text/plain; charset=utf-8', 'Ollama is running')

/** GET and HEAD /api/version. */
export const version: Handler = (reply, state) => sendJson(reply, { version: state.version })

/** GET and HEAD /api/tags. */
export const tags: Handler = (reply, state) =>
  sendJson(reply, { models: state.models.list().map(tagsEntry) })

/** GET /api/ps; silent while a model is loading. */
export const ps: Handler = async (reply, state) => {
  const loaded = await reply.until(state.runner.list())
  const models = loaded.map(({ model, contextLength, expiresAt }) => ({
    name: model.name,
    model: model.name,
    size: model.size,
    digest: model.digest,
    details: details(model),
    expires_at: goTime(expiresAt),
    size_vram: model.size,
    context_length: contextLength,
  }))
  await sendJson(reply, { models })
}

/** POST /api/show. */
export const show: Handler = async (reply, state) => {
  const body = readGoBody(reply.request.body, 'ShowRequest')
  const name = body.text('model') || body.text('name')
  if (name.trim() === '') throw new ApiError(400, 'model is required')
  const entry = showEntry(findModel(reply, state, name), body.flag('verbose') === true)
  if (reply.request.header('user-agent')?.startsWith('GitHubCopilotChat/')) {
    entry.model_info['general.basename'] = name
  }
  await sendJson(reply, entry)
}

/** GET /api/status. */
export const status: Handler = (reply, state) =>
  sendJson(reply, { cloud: { disabled: state.noCloud, source: state.noCloud ? 'env' : 'none' } })

/** POST /api/me: the operator's own account. */
export const me: Handler = (reply, state) => {
  state.cloudCalls.push(reply.request)
  return sendJson(reply, {
    id: '4f3a2b1c-0d9e-4f8a-9b7c-6d5e4f3a2b1c',
    email: 'operator@example.com',
    name: 'operator',
    plan: 'pro',
  })
}

/** POST /api/signout and its alias. */
export const signout: Handler = (reply, state) => {
  state.cloudCalls.push(reply.request)
  return sendJson(reply, null)
}

/** The routes that spend the operator's cloud account. */
export const web: Handler = async (reply, state) => refuseCloud(reply, state)

/** GET /api/experimental/model-recommendations. */
export const recommendations: Handler = (reply) => sendJson(reply, { models: [] })
