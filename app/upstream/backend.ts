/** One Ollama host. */
export interface Backend {
  /** How the ledger and the logs call it: `host:port`. */
  readonly name: string
  readonly url: string
  /** Requests under way there. */
  inFlight: number
  /** Until when it is passed over, in epoch ms, because it could not be reached. */
  downUntil: number
}

export const createBackend = (url: string): Backend => ({
  name: new URL(url).host,
  url,
  inFlight: 0,
  downUntil: 0,
})
