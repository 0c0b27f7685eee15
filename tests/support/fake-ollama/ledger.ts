import type { RecordedRequest } from './recorder.ts'

/** What the fake told a client about one request: the truth a gateway's usage is held against. */
export interface LedgerEntry {
  readonly request: RecordedRequest
  /** Complete records (NDJSON lines, or the one JSON body) that went to the socket. */
  readonly records: number
  /** `undefined` when no record carried it. */
  readonly promptEvalCount: number | undefined
  readonly evalCount: number | undefined
  /** A record with `done:true` went out. */
  readonly done: boolean
  readonly outcome: 'open' | 'completed' | 'aborted' | 'broken'
}

/** Reads the counts out of the bytes of one response while they are sent. */
export class LedgerLine implements LedgerEntry {
  readonly request: RecordedRequest
  records = 0
  promptEvalCount: number | undefined
  evalCount: number | undefined
  done = false
  outcome: LedgerEntry['outcome'] = 'open'
  readonly #decoder = new TextDecoder()
  #partial = ''

  constructor(request: RecordedRequest) {
    this.request = request
  }

  /** Takes body bytes that have been sent. */
  sent(bytes: Uint8Array): void {
    const lines = (this.#partial + this.#decoder.decode(bytes, { stream: true })).split('\n')
    this.#partial = lines.pop() ?? ''
    for (const line of lines) this.#count(line)
  }

  /** The response is over; a last line without a newline counts when it was completed. */
  close(outcome: LedgerEntry['outcome']): void {
    if (this.outcome !== 'open') return
    this.outcome = outcome
    if (outcome === 'completed') this.#count(this.#partial)
  }

  #count(line: string): void {
    const record = parse(line)
    if (!record) return
    this.records++
    this.done ||= record.done === true
    this.promptEvalCount = count(record.prompt_eval_count) ?? this.promptEvalCount
    this.evalCount = count(record.eval_count) ?? this.evalCount
  }
}

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    // Junk lines are part of the scripts and report nothing.
    return undefined
  }
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
