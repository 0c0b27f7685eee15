import { ApiError } from './api-error.ts'
import { readGoBody } from './go-body.ts'
import { loadWishes } from './load-wishes.ts'
import type { FakeModel } from './models.ts'
import { sendJson } from './send.ts'
import { findModel, type Handler } from './state.ts'

/** POST /api/embed: unit vectors, one per input. */
export const embed: Handler = async (reply, state) => {
  const body = readGoBody(reply.request.body, 'EmbedRequest')
  const name = body.text('model')
  const model = findModel(reply, state, name, notPulled)
  const inputs = inputsOf(body.any('input'))
  const tokens = inputs.reduce((sum, input) => sum + words(input), 0)
  if (body.flag('truncate') === false && inputs.some((text) => words(text) > model.contextLength)) {
    throw new ApiError(400, 'the input length exceeds the context length')
  }
  const length = body.number('dimensions') || model.embeddingLength
  const release = await state.runner.acquire(model, loadWishes(body), reply.gone)
  try {
    await sendJson(reply, {
      model: name,
      embeddings: inputs.map((input) => unit(vector(model, input).slice(0, length))),
      total_duration: 14143917,
      load_duration: 1019500,
      ...(tokens > 0 && { prompt_eval_count: tokens }),
    })
  } finally {
    release()
  }
}

/** POST /api/embeddings, the legacy form: one vector, not normalised, no counts. */
export const embeddings: Handler = async (reply, state) => {
  const body = readGoBody(reply.request.body, 'EmbeddingRequest')
  const name = body.text('model')
  if (name.trim() === '') throw new ApiError(400, 'model is required')
  const model = findModel(reply, state, name, notPulled)
  const prompt = body.text('prompt')
  const release = await state.runner.acquire(model, loadWishes(body), reply.gone)
  try {
    await sendJson(reply, { embedding: prompt === '' ? [] : vector(model, prompt) })
  } finally {
    release()
  }
}

function inputsOf(input: unknown): string[] {
  if (input === undefined || input === '') return []
  const list: unknown[] = Array.isArray(input) ? input : [input]
  return list.map((item) => {
    if (typeof item === 'string') return item
    throw new ApiError(400, 'invalid input type')
  })
}

function vector(model: FakeModel, text: string): number[] {
  return Array.from({ length: model.embeddingLength }, (_, index) => {
    return (Number(Bun.hash.wyhash(`${index}:${text}`) % 2001n) - 1000) / 1000
  })
}

function unit(values: number[]): number[] {
  const norm = Math.hypot(...values) || 1
  return values.map((value) => Math.fround(value / norm))
}

function words(text: string): number {
  return text.match(/\S+/g)?.length ?? 0
}

function notPulled(name: string): ApiError {
  return new ApiError(404, `model "${name}" not found, try pulling it first`)
}
