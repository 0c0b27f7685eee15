import type { Outcome, UsageRecord } from '../../../app/domain/usage.ts'
import { createRequestIds } from '../../../db/ids.ts'

const USERS = 200
const KEYS = 300
const GATEWAYS = ['ollama', 'openai', 'anthropic']
const MODELS = ['llama3.2:3b', 'qwen3:8b', 'gemma3:12b', 'mistral:7b', 'gpt-oss:20b']
const OPERATIONS = ['chat', 'generate', 'chat', 'embed', 'chat']
/** Of ten requests of a key one goes through another gateway, and two to another model. */
const USUAL_GATEWAY = 0.9
const USUAL_MODEL = 0.8
const NODE = '0123456789ab'

/** Makes the same numbers from 0 to 1 from the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/**
 * Makes the usage of an office: 200 people with 300 keys, some busier than others, each with a gateway and
 * a model that is usual, and requests that end in every way. The same records from the same seed.
 */
export function createSpread(seed: number): (startedAt: number) => UsageRecord {
  const random = createRandom(seed)
  const newId = createRequestIds(NODE)
  const below = (end: number): number => Math.floor(random() * end)
  const of = <T>(values: readonly T[], i: number): T => values[i % values.length] as T
  /** Many small values and few large ones, as durations and conversations are. */
  const longTailed = (scale: number): number => Math.round(-Math.log(1 - random()) * scale)

  const outcome = (): Outcome => {
    const share = random()
    if (share < 0.94) return 'completed'
    if (share < 0.97) return 'cancelled'
    return share < 0.999 ? 'failed' : 'expired'
  }

  return (startedAt) => {
    // The square puts a tenth of the keys in front of a third of the requests.
    const key = Math.floor(random() ** 2 * KEYS)
    const way = outcome()
    const isUsed = way === 'completed' || way === 'cancelled'
    const loadMs = random() < 0.02 ? 1500 + longTailed(4000) : below(60)
    const queueMs = random() < 0.7 ? 0 : longTailed(400)
    const computeMs = isUsed ? 80 + longTailed(4000) : 0
    const totalMs = queueMs + loadMs + computeMs
    return {
      id: newId(startedAt),
      requestId: `req-${newId(startedAt).slice(-17)}`,
      userId: `0199a000-0000-7000-8000-${String(key % USERS).padStart(12, '0')}`,
      keyId: `0199b000-0000-7000-8000-${String(key).padStart(12, '0')}`,
      gateway: of(GATEWAYS, random() < USUAL_GATEWAY ? key : below(GATEWAYS.length)),
      operation: of(OPERATIONS, key),
      model: of(MODELS, random() < USUAL_MODEL ? key : below(MODELS.length)),
      backend: `http://10.0.0.${1 + (key % 4)}:11434`,
      promptTokens: isUsed ? 20 + longTailed(900) : 0,
      completionTokens: isUsed ? 1 + longTailed(300) : 0,
      estimated: way === 'cancelled',
      queueMs,
      loadMs,
      computeMs,
      firstTokenMs: isUsed ? queueMs + loadMs + below(60) : null,
      totalMs,
      status: isUsed ? 200 : 502,
      outcome: way,
      errorCode: isUsed ? null : 'upstream_error',
      startedAt,
      endedAt: startedAt + totalMs,
    }
  }
}
