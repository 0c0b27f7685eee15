/** The part of a socket that is written to. */
export interface WritableSocket {
  /** How many bytes were taken; negative when the socket is closed. */
  write(data: string | Uint8Array): number
}

/** Texts up to this length are given to the socket as they are, longer ones as bytes. */
const MAX_TEXT = 16 * 1024

/** Writes to a socket and keeps what it did not take until it drains. */
export class SocketWriter {
  readonly #socket: WritableSocket
  #unsent: Uint8Array | null = null
  #isClosed = false
  #wake: (() => void) | null = null

  constructor(socket: WritableSocket) {
    this.#socket = socket
  }

  /** True while bytes wait for the socket to drain. */
  get isBehind(): boolean {
    return this.#unsent !== null
  }

  /** Sends bytes, or a text as UTF-8. Nothing else may be sent before `drained`. */
  write(data: string | Uint8Array): void {
    const isText = typeof data === 'string' && data.length <= MAX_TEXT
    const bytes = typeof data === 'string' && !isText ? Buffer.from(data) : data
    const size = typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length
    const taken = Math.max(0, this.#socket.write(bytes))
    if (taken === size) return
    const all = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
    this.#unsent = all.subarray(taken)
  }

  /** Resolves when everything was taken, and when the socket is closed. */
  drained(): Promise<void> {
    if (!this.#unsent || this.#isClosed) return Promise.resolve()
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /** Says that the socket takes more. */
  onDrain(): void {
    if (!this.#unsent) return
    const taken = Math.max(0, this.#socket.write(this.#unsent))
    if (taken < this.#unsent.length) this.#unsent = this.#unsent.subarray(taken)
    else this.#settle()
  }

  /** Says that the socket is closed. */
  close(): void {
    this.#isClosed = true
    this.#settle()
  }

  #settle(): void {
    this.#unsent = null
    this.#wake?.()
    this.#wake = null
  }
}
