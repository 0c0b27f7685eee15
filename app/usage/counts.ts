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
  /** How long the host was busy: loading, reading the prompt, writing the answer. */
  readonly computeMs: number | null
}

/** Reads the counts from the record that ended a stream. */
export function countsOf(record: FinalRecord): ReportedCounts {
  return {
    promptTokens: wholeNumber(record.prompt_eval_count, MAX_COUNT),
    completionTokens: wholeNumber(record.eval_count, MAX_COUNT),
    loadMs: Math.round((duration(record.load_duration) ?? 0) / NS_PER_MS),
    computeMs: computeMs(record),
  }
}

/** An embedding has only a total; it is counted from the moment the host took it up. */
function computeMs(record: FinalRecord): number | null {
  const evaluated = [record.prompt_eval_duration, record.eval_duration].map(duration)
  const total = duration(record.total_duration)
  if (evaluated.every((ns) => ns === null))
    return total === null ? null : Math.ceil(total / NS_PER_MS)
  const ns = [duration(record.load_duration), ...evaluated].reduce<number>(
    (a, b) => a + (b ?? 0),
    0,
  )
  return Math.ceil(ns / NS_PER_MS)
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
    total_duration: number('total_duration'),
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

const duration = (value: unknown): number | null => wholeNumber(value, MAX_COUNT * NS_PER_MS)

const wholeNumber = (value: unknown, max: number): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max
    ? value
    : null
