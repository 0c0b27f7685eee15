import type { FinalRecord } from '../domain/native.ts'

/** More than any model makes: a count beyond it is nonsense. */
const MAX_COUNT = 1_000_000_000
const NS_PER_MS = 1_000_000
/** Larger answers are embeddings, whose counts stand behind the vectors. */
const PARSE_LIMIT_BYTES = 256 * 1024
const TAIL_BYTES = 1024

/** What Ollama says a request used; a count it does not give, or gives as nonsense, is null. */
export interface ReportedCounts {
  readonly promptTokens: number | null
  readonly completionTokens: number | null
  readonly loadMs: number
}

/** Reads the counts from the record that ended a stream. */
export function countsOf(record: FinalRecord): ReportedCounts {
  return {
    promptTokens: wholeNumber(record.prompt_eval_count, MAX_COUNT),
    completionTokens: wholeNumber(record.eval_count, MAX_COUNT),
    loadMs: Math.round((wholeNumber(record.load_duration, MAX_COUNT * NS_PER_MS) ?? 0) / NS_PER_MS),
  }
}

/** Reads the counts from an answer that came in one piece. */
export function countsOfDocument(bytes: Uint8Array): ReportedCounts {
  const decoder = new TextDecoder()
  if (bytes.length <= PARSE_LIMIT_BYTES) return countsOf(parse(decoder.decode(bytes)))
  const tail = decoder.decode(bytes.subarray(-TAIL_BYTES))
  const number = (name: string): number | undefined => {
    const digits = tail.slice(tail.lastIndexOf(`"${name}":`)).match(/^"\w+":(\d+)/)?.[1]
    return digits === undefined ? undefined : Number(digits)
  }
  return countsOf({
    prompt_eval_count: number('prompt_eval_count'),
    eval_count: number('eval_count'),
    load_duration: number('load_duration'),
  })
}

function parse(text: string): FinalRecord {
  try {
    const value: unknown = JSON.parse(text)
    return value !== null && typeof value === 'object' ? value : {}
  } catch {
    return {}
  }
}

const wholeNumber = (value: unknown, max: number): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max
    ? value
    : null
