import { goTime } from './go-text.ts'

/** The counts of a final record. A count of 0 is left out, as Ollama does; so is a `null` reason. */
export interface Metrics {
  readonly promptTokens?: number
  readonly tokens?: number
  readonly doneReason?: string | null
}

/** The assistant's part of a chat record; text alone stands for `{ content }`. */
export interface ChatMessage {
  readonly content?: string
  readonly thinking?: string
  readonly tool_calls?: readonly unknown[]
}

/** One streamed record of /api/chat. `extra` adds top-level fields such as `logprobs`. */
export function chatChunk(model: string, message: string | ChatMessage, extra: object = {}) {
  return { ...stamp(model), message: assistant(message), ...extra, done: false }
}

/** The final record of /api/chat, which may itself carry a message. */
export function chatDone(
  model: string,
  metrics: Metrics = {},
  message: string | ChatMessage = '',
  extra: object = {},
) {
  return { ...stamp(model), message: assistant(message), ...extra, ...ending(metrics) }
}

/** One streamed record of /api/generate. */
export function generateChunk(model: string, response: string, extra: object = {}) {
  return { ...stamp(model), response, ...extra, done: false }
}

/** The final record of /api/generate, which may itself carry text. */
export function generateDone(
  model: string,
  metrics: Metrics = {},
  response = '',
  extra: object = { context: [1, 2, 3] },
) {
  const { done, done_reason, ...counts } = ending(metrics)
  return {
    ...stamp(model),
    response,
    done,
    ...(done_reason && { done_reason }),
    ...extra,
    ...counts,
  }
}

/** A whole chat stream: one record per piece of text, then the final one with its counts. */
export function chatRecords(model: string, pieces: readonly string[], metrics: Metrics = {}) {
  const counts = { promptTokens: 11, tokens: pieces.length + 1, ...metrics }
  return [...pieces.map((piece) => chatChunk(model, piece)), chatDone(model, counts)]
}

/** A whole generate stream: one record per piece of text, then the final one with its counts. */
export function generateRecords(model: string, pieces: readonly string[], metrics: Metrics = {}) {
  const counts = { promptTokens: 11, tokens: pieces.length + 1, ...metrics }
  return [...pieces.map((piece) => generateChunk(model, piece)), generateDone(model, counts)]
}

/** A call as Ollama streams it: whole, with its arguments as an object. */
export function toolCall(index: number, name: string, args: object) {
  return { id: `call_ab12cd3${index}`, function: { index, name, arguments: args } }
}

/** The first fields of every record. */
export function stamp(model: string) {
  return { model, created_at: goTime(Date.now()) }
}

function assistant(message: string | ChatMessage) {
  const parts = typeof message === 'string' ? { content: message } : message
  return { role: 'assistant', content: '', ...parts }
}

/** Only what this record has: metrics that are 0 are not written. Durations are ns. */
function ending({ promptTokens = 0, tokens = 0, doneReason = 'stop' }: Metrics) {
  return {
    done: true,
    ...(doneReason !== null && { done_reason: doneReason }),
    total_duration: 812345678,
    load_duration: 101397084,
    ...(promptTokens > 0 && { prompt_eval_count: promptTokens, prompt_eval_duration: 130747910 }),
    ...(tokens > 0 && { eval_count: tokens, eval_duration: 52479709 }),
  }
}
