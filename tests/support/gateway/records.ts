/** The records of a streamed answer, one at a time as they arrive. */
export interface RecordReader {
  /** The next line as JSON, or null at the end. */
  next(): Promise<Answer | null>
  /** All records that are left. */
  rest(): Promise<Answer[]>
  /** Closes the connection in the middle. */
  leave(): Promise<void>
}

/** As much of Ollama's records as tests look at. */
export interface Answer {
  readonly model?: string
  readonly message?: { readonly role: string; readonly content: string }
  readonly response?: string
  readonly done?: boolean
  readonly status?: string
  readonly error?: string
  readonly code?: string
  readonly prompt_eval_count?: number
  readonly eval_count?: number
}

/** Reads an NDJSON answer record by record. */
export function readRecords(response: Response): RecordReader {
  if (!response.body) throw new Error(`an answer without a body: ${response.status}`)
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let text = ''

  const next = async (): Promise<Answer | null> => {
    for (;;) {
      const end = text.indexOf('\n')
      if (end >= 0) {
        const line = text.slice(0, end)
        text = text.slice(end + 1)
        return JSON.parse(line) as Answer
      }
      const { value, done } = await reader.read()
      if (!done) {
        text += decoder.decode(value, { stream: true })
        continue
      }
      if (text !== '') throw new Error(`the answer ends in the middle of a record: ${text}`)
      return null
    }
  }

  return {
    next,
    async rest() {
      const records: Answer[] = []
      for (let record = await next(); record; record = await next()) records.push(record)
      return records
    },
    leave: () => reader.cancel(),
  }
}
