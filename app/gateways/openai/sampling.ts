import { z } from 'zod'
import { MAX_OPTION, MAX_STOPS } from '../../upstream/policy.ts'

const TOO_LARGE = `must be a number, at most ${MAX_OPTION}`
const number = z.number().min(-MAX_OPTION, TOO_LARGE).max(MAX_OPTION, TOO_LARGE).nullish()
const tokens = z.int().min(1, 'must be at least 1').nullish()
const stops = z.array(z.string()).max(MAX_STOPS, `at most ${MAX_STOPS} stop texts`)

/** The fields that shape an answer, as chats and completions have them. */
export const sampling = {
  temperature: number,
  top_p: number,
  frequency_penalty: number,
  presence_penalty: number,
  seed: z.int().min(-MAX_OPTION, TOO_LARGE).max(MAX_OPTION, TOO_LARGE).nullish(),
  stop: z.union([z.string(), stops], { error: 'must be a text or a list of texts' }).nullish(),
  max_tokens: tokens,
  max_completion_tokens: tokens,
}

const NO_DURATION = 'must be a number of seconds or a text like "5m"'
const LEVELS = ['low', 'medium', 'high', 'max'] as const

/** What OpenAI does not have and Ollama does, for callers whose policy allows it. */
export const ollamaExtras = {
  options: z.record(z.string(), z.unknown()).nullish(),
  keep_alive: z
    .union([z.number(), z.string().max(32, NO_DURATION)], { error: NO_DURATION })
    .nullish(),
  think: z
    .union([z.boolean(), z.enum(LEVELS)], {
      error: 'must be true, false, low, medium, high or max',
    })
    .nullish(),
}

type Sampling = z.infer<z.ZodObject<typeof sampling & typeof ollamaExtras>>

/**
 * The same as Ollama's options. What is left out is left to the model: it is not set to OpenAI's
 * defaults, which would take the place of those that belong to the model.
 */
export function toOptions(body: Sampling): Record<string, unknown> {
  const { temperature, top_p, frequency_penalty, presence_penalty, seed, stop } = body
  const num_predict = body.max_completion_tokens ?? body.max_tokens
  const given = { temperature, top_p, frequency_penalty, presence_penalty, seed, stop, num_predict }
  const set = Object.entries(given).filter(([, value]) => value != null)
  return { ...body.options, ...Object.fromEntries(set) }
}
