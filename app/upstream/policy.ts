import type {
  ChatRequest,
  EmbeddingsRequest,
  EmbedRequest,
  GenerateRequest,
} from '../domain/native.ts'
import { badField, GatewayError } from '../errors/gateway-error.ts'
import { checkImages, checkSchema } from './payload.ts'

/** What a caller may ask of a model; the same for everybody but those who manage models. */
export interface OptionsPolicy {
  /** True for callers with `models:manage`: nothing is taken away or lowered. */
  readonly trusted: boolean
  readonly maxPredictTokens: number
  /** What the limits of the caller leave for this answer; null when they say nothing about it. */
  readonly remainingTokens: number | null
  /** 0: the caller can't choose the context size. */
  readonly maxContextTokens: number
  /** Fields that are open to every caller. */
  readonly fields: ReadonlySet<string>
}

/** What a caller calls the fields that Ollama calls otherwise: `messages` → `input`. */
export type FieldNames = Readonly<Record<string, string>>

/** Options that only shape the answer. Everything else reloads the model or is not known. */
const SAMPLING = [
  'num_keep',
  'seed',
  'top_k',
  'top_p',
  'min_p',
  'typical_p',
  'repeat_last_n',
  'temperature',
  'repeat_penalty',
  'presence_penalty',
  'frequency_penalty',
  'stop',
]
const LOADING = ['num_batch', 'num_gpu', 'main_gpu', 'use_mmap', 'num_thread', 'draft_num_predict']
/** Most texts at which an answer may end. */
export const MAX_STOPS = 32
/** No option means more than a context's worth of tokens; seeds are 32 bits. */
export const MAX_OPTION = 2 ** 32
/** Repetition is looked for in, and kept of, at most so many tokens. */
const MAX_WINDOW_TOKENS = 32_768

type Options = Readonly<Record<string, unknown>>

/**
 * The chat that is sent: known fields, clamped options. Throws forbidden and bad_request, with the field
 * as `names` has it.
 */
export function chatForUpstream(
  request: ChatRequest,
  model: string,
  policy: OptionsPolicy,
  names: FieldNames = {},
): ChatRequest {
  const images = (request.messages ?? []).flatMap((message) => message.images ?? [])
  checkImages(images, names.messages ?? 'messages')
  checkSchema(request.format, names.format ?? 'format')
  // Each by itself: of many schemas none may be too much for the model runner.
  request.tools?.forEach((tool, i) => void checkSchema(tool, `tools[${i}]`))
  checkUnload(request.keep_alive, (request.messages ?? []).length === 0, policy)
  return { ...request, ...common(request, model, policy, names) }
}

/** The same for a completion. */
export function generateForUpstream(
  request: GenerateRequest,
  model: string,
  policy: OptionsPolicy,
): GenerateRequest {
  for (const field of ['context', 'raw', 'system', 'template'] as const) {
    if (request[field]) checkField(field, policy)
  }
  checkImages(request.images ?? [], 'images')
  checkSchema(request.format, 'format')
  checkUnload(request.keep_alive, !request.prompt, policy)
  return { ...request, ...common(request, model, policy, {}) }
}

/** The same for embeddings; nothing is generated, so nothing is predicted. */
export function embedForUpstream<T extends EmbedRequest | EmbeddingsRequest>(
  request: T,
  model: string,
  policy: OptionsPolicy,
): T {
  const { num_predict: _, ...options } = clamp(request.options ?? {}, policy, {})
  return { ...request, model, options, keep_alive: keepAlive(request.keep_alive, policy) }
}

function common(
  request: ChatRequest | GenerateRequest,
  model: string,
  policy: OptionsPolicy,
  names: FieldNames,
) {
  return {
    model,
    options: clamp(request.options ?? {}, policy, names),
    keep_alive: keepAlive(request.keep_alive, policy),
    // Sliding the context while generating is a property of the loaded model: it would be reloaded.
    shift: policy.trusted ? request.shift : undefined,
  }
}

function clamp(
  options: Options,
  policy: OptionsPolicy,
  names: FieldNames,
): Record<string, unknown> {
  const allowed = policy.trusted ? [...SAMPLING, ...LOADING, 'num_ctx'] : SAMPLING
  const kept = Object.fromEntries(
    allowed.flatMap((name) => (options[name] == null ? [] : [[name, options[name]]])),
  )
  checkSampling(kept, names)
  for (const name of ['num_keep', 'repeat_last_n']) {
    const window = wholeOption(options, name, names)
    if (window !== null && !policy.trusted) kept[name] = Math.min(window, MAX_WINDOW_TOKENS)
  }
  const context = wholeOption(options, 'num_ctx', names)
  if (!policy.trusted && context !== null && policy.maxContextTokens > 0) {
    kept.num_ctx = Math.min(Math.max(context, 1), policy.maxContextTokens)
  }
  const predict = answerTokens(wholeOption(options, 'num_predict', names), policy)
  return predict === null ? kept : { ...kept, num_predict: predict }
}

/** How long the answer may be; null leaves it to the model. Below zero means without an end. */
function answerTokens(asked: number | null, policy: OptionsPolicy): number | null {
  const { trusted, maxPredictTokens, remainingTokens } = policy
  if (trusted && remainingTokens === null) return asked
  const most = Math.min(trusted ? Infinity : maxPredictTokens, remainingTokens ?? Infinity)
  return asked === null || asked < 0 ? most : Math.min(asked, most)
}

function checkSampling({ stop, num_ctx: _, ...numbers }: Options, names: FieldNames): void {
  const stops = [stop ?? []].flat()
  if (stops.length > MAX_STOPS || stops.some((text) => typeof text !== 'string')) {
    throw badOption('stop', `at most ${MAX_STOPS} stop texts`, names)
  }
  for (const [name, value] of Object.entries(numbers)) {
    const isSwitch = name === 'use_mmap' && typeof value === 'boolean'
    const isNumber = typeof value === 'number' && Math.abs(value) <= MAX_OPTION
    if (!isSwitch && !isNumber) {
      throw badOption(name, `must be a number, at most ${MAX_OPTION}`, names)
    }
  }
}

function wholeOption(options: Options, name: string, names: FieldNames): number | null {
  const value = options[name]
  if (value == null) return null
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw badOption(name, 'must be a whole number', names)
}

function badOption(name: string, problem: string, names: FieldNames): GatewayError {
  const field = `options.${name}`
  return badField(names[field] ?? field, problem)
}

/** Clients send it unasked, and the last one would decide for everybody: it is left out quietly. */
const keepAlive = <T>(value: T, policy: OptionsPolicy): T | undefined =>
  policy.trusted || policy.fields.has('keep_alive') ? value : undefined

function checkUnload(value: unknown, isEmpty: boolean, policy: OptionsPolicy): void {
  if (!isEmpty || value == null || !isUnderASecond(String(value)) || policy.trusted) return
  throw new GatewayError('forbidden', 'unloading a model takes the permission models:manage', {
    field: 'keep_alive',
  })
}

/** `0`, `0.5`, `1ns`, `20ms`: as good as unloading at once. Negative means for ever. */
function isUnderASecond(keepAlive: string): boolean {
  const [, amount, unit = 's'] =
    /^\+?([\d.]+(?:e[-+]?\d+)?)([a-zµ]*)$/i.exec(keepAlive.trim()) ?? []
  if (Number.parseFloat(keepAlive) === 0) return true
  if (amount === undefined) return false
  return /^(ns|us|µs|ms)$/.test(unit) || (unit === 's' && Number(amount) < 1)
}

function checkField(field: string, policy: OptionsPolicy): void {
  if (policy.trusted || policy.fields.has(field)) return
  throw new GatewayError(
    'forbidden',
    `the field "${field}" takes the permission models:manage here`,
    { field },
  )
}
