/** A refusal as Ollama words it: the status and the text of `{"error":"…"}`. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly extra: Readonly<Record<string, unknown>>

  constructor(status: number, message: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(message)
    this.status = status
    this.extra = extra
  }
}
