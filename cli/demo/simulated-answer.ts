/** What one simulated generation needs to know. */
export interface AnswerRequest {
  /** The messages' texts in order; the last one is the question. */
  readonly prompts: readonly string[]
  /** The most tokens to produce; negative is no limit. */
  readonly maxTokens: number
  /** Awaited before each token. */
  readonly pace: () => Promise<unknown>
  /** Fires when the client has left; no token is produced after that. */
  readonly left: AbortSignal
}

const embeddingLength = 32

/** The first fields of each of Ollama's records. */
export function stampOf(model: string) {
  return { model, created_at: new Date().toISOString() }
}

/** Yields the answer token by token, then returns the counts and durations (ns) of its record. */
export async function* answer(request: AnswerRequest): AsyncGenerator<string, object> {
  const started = Bun.nanoseconds()
  const full = words(answerTo(request.prompts.at(-1) ?? ''))
  const tokens = request.maxTokens < 0 ? full : full.slice(0, request.maxTokens)
  let firstToken = started
  for (const [index, token] of tokens.entries()) {
    await request.pace()
    if (request.left.aborted) break
    if (index === 0) firstToken = Bun.nanoseconds()
    yield token
  }
  const ended = Bun.nanoseconds()
  return {
    done: true,
    done_reason: tokens.length < full.length ? 'length' : 'stop',
    total_duration: Math.ceil(ended - started),
    prompt_eval_count: words(request.prompts.join(' ')).length,
    prompt_eval_duration: Math.ceil(firstToken - started),
    eval_count: tokens.length,
    eval_duration: Math.ceil(ended - firstToken),
  }
}

/** A vector of length 1 that depends on nothing but the text. */
export function embedding(text: string): number[] {
  const raw = Array.from({ length: embeddingLength }, (_, index) => {
    return Number(Bun.hash.wyhash(`${index}:${text}`) % 2001n) / 1000 - 1
  })
  const norm = Math.hypot(...raw) || 1
  return raw.map((value) => value / norm)
}

function answerTo(question: string): string {
  const asked = question.length > 200 ? `${question.slice(0, 200)}…` : question
  return (
    `This is a simulated answer: no language model is running here. You asked: “${asked}” ` +
    'With a real Ollama in my place, its answer would reach you through Parallama just like ' +
    'this one: token by token, and counted in your usage.'
  )
}

function words(text: string): string[] {
  return text.match(/\s*\S+/g) ?? []
}
