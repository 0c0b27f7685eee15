import { ApiError } from './api-error.ts'
import { chatDialect, type Dialect, generateDialect } from './dialect.ts'
import { type GoBody, readGoBody } from './go-body.ts'
import { loadWishes } from './load-wishes.ts'
import type { FakeModel } from './models.ts'
import type { Reply } from './reply.ts'
import { sendJson, sendLine } from './send.ts'
import { type FakeState, findModel, type Handler } from './state.ts'

interface Generation {
  /** The request's own spelling of the model, echoed in every record. */
  readonly name: string
  readonly model: FakeModel
  /** `undefined` only loads or unloads. */
  readonly prompt: string | undefined
  readonly dialect: Dialect
}

/** POST /api/chat. */
export const chat: Handler = async (reply, state) => {
  const body = readGoBody(reply.request.body, 'ChatRequest')
  const name = body.text('model')
  if (name.trim() === '') throw new ApiError(400, 'model is required')
  const model = findModel(reply, state, name)
  checkAbilities(body, model, name, 'chat')
  if (body.list('tools').length > 0 && !model.capabilities.includes('tools')) {
    throw new ApiError(400, `${modelPath(model)} does not support tools`)
  }
  const messages = body.structs('messages', 'Message')
  const prompt = messages.map((message) => message.text('content')).join('\n')
  await generateAnswer(reply, state, body, {
    name,
    model,
    prompt: messages.length === 0 ? undefined : prompt,
    dialect: chatDialect,
  })
}

/** POST /api/generate. */
export const generate: Handler = async (reply, state) => {
  const body = readGoBody(reply.request.body, 'GenerateRequest')
  const name = body.text('model')
  const model = findModel(reply, state, name)
  checkAbilities(body, model, name, 'generate')
  const raw = body.flag('raw') === true
  if (raw && (body.text('template') || body.text('system') || body.list('context').length > 0)) {
    throw new ApiError(400, 'raw mode does not support template, system, or context')
  }
  if (body.text('suffix') && !model.capabilities.includes('insert')) {
    throw new ApiError(400, `${modelPath(model)} does not support insert`)
  }
  const dialect = generateDialect(raw)
  await generateAnswer(reply, state, body, {
    name,
    model,
    prompt: body.text('prompt') || undefined,
    dialect,
  })
}

async function generateAnswer(
  reply: Reply,
  state: FakeState,
  body: GoBody,
  { name, model, prompt, dialect }: Generation,
): Promise<void> {
  const wishes = loadWishes(body)
  if (prompt === undefined && wishes.keepAliveMs === 0) {
    await state.runner.unload(model)
    return sendJson(reply, dialect.empty(name, 'unload'))
  }
  const release = await state.runner.acquire(model, wishes, reply.gone)
  try {
    if (prompt === undefined) return await sendJson(reply, dialect.empty(name, 'load'))
    const thinks = model.capabilities.includes('thinking') && body.any('think') !== false
    const thoughts = thinks ? ['Let me', ' think.'] : []
    const answer = split(state.answer(model.name, prompt))
    const most = limit(wishes.options.num_predict)
    const words = answer.slice(0, most)
    // The token that ends an answer is one more, for which there is no room then.
    const cut = words.length === most
    const metrics = {
      promptTokens: Math.max(1, split(prompt).length),
      tokens: thoughts.length + words.length + (cut ? 0 : 1),
      doneReason: cut ? 'length' : 'stop',
    }
    if (body.flag('stream') === false) {
      return await sendJson(reply, dialect.done(name, metrics, words.join(''), thoughts.join('')))
    }
    for (const thought of thoughts) await sendLine(reply, dialect.chunk(name, '', thought))
    for (const word of words) await sendLine(reply, dialect.chunk(name, word))
    await sendLine(reply, dialect.done(name, metrics))
    await reply.end()
  } finally {
    release()
  }
}

function checkAbilities(body: GoBody, model: FakeModel, name: string, verb: string): void {
  if (!model.capabilities.includes('completion')) {
    throw new ApiError(400, `"${name}" does not support ${verb}`)
  }
  const think = body.any('think')
  if (typeof think === 'string' && !['low', 'medium', 'high', 'max'].includes(think)) {
    throw new ApiError(400, `invalid think value: "${think}"`)
  }
  if (think && !model.capabilities.includes('thinking')) {
    throw new ApiError(400, `"${name}" does not support thinking`)
  }
  const top = body.number('top_logprobs')
  if (top < 0 || top > 20) throw new ApiError(400, 'top_logprobs must be between 0 and 20')
}

function modelPath(model: FakeModel): string {
  return `registry.ollama.ai/library/${model.name}`
}

function limit(numPredict: unknown): number {
  return typeof numPredict === 'number' && numPredict > 0 ? numPredict : Number.POSITIVE_INFINITY
}

function split(text: string): string[] {
  return text.match(/\s*\S+/g) ?? []
}
