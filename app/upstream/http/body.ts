/** Bytes that wait for the reader before the connection is told to pause. */
const MAX_WAITING_BYTES = 64 * 1024
/** What a waiting piece is counted for besides its bytes: tiny pieces cost memory, too. */
const PIECE_OVERHEAD = 256

/** The connection a body comes from. */
export interface BodySource {
  /** Stops reading from the network until `resume`. */
  pause(): void
  resume(): void
  /** Nobody wants the rest: ends the connection, unless it has all been read. */
  cancel(): void
}

/** Whether more is to come: `failed` after what is waiting has been read. */
type State = 'open' | 'ended' | 'failed'

interface Collector {
  resolve(bytes: Uint8Array): void
  reject(reason: unknown): void
}

/** A response's body between the connection, which pushes, and its one reader, who pulls. */
export class ResponseBody {
  readonly #source: BodySource
  #state: State = 'open'
  #failure: unknown
  #waiting: Uint8Array[] = []
  #cost = 0
  #isPaused = false
  #isUsed = false
  /** True while the stream's reader waits for bytes. */
  #isWanted = false
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null
  #collector: Collector | null = null

  constructor(source: BodySource) {
    this.#source = source
  }

  /** Takes the next bytes; they are the reader's from now on. */
  push(bytes: Uint8Array): void {
    if (this.#isWanted) {
      this.#isWanted = false
      this.#controller?.enqueue(bytes)
      return
    }
    this.#waiting.push(bytes)
    this.#cost += bytes.length + PIECE_OVERHEAD
    if (this.#collector || this.#isPaused || this.#cost < MAX_WAITING_BYTES) return
    this.#isPaused = true
    this.#source.pause()
  }

  /** Says that the body is complete. */
  end(): void {
    if (this.#state !== 'open') return
    this.#state = 'ended'
    this.#collector?.resolve(this.#take())
    if (this.#waiting.length === 0) this.#controller?.close()
  }

  /** Says that the rest won't come. What has come can still be read. */
  fail(reason: unknown): void {
    if (this.#state !== 'open') return
    this.#state = 'failed'
    this.#failure = reason
    this.#collector?.reject(reason)
    if (this.#isWanted) this.#controller?.error(reason)
  }

  /** Says that nobody may read on: what has come is dropped. */
  abort(reason: unknown): void {
    this.#waiting = []
    this.fail(reason)
    this.#controller?.error(reason)
  }

  /** All bytes, for one caller. Rejects when the body fails or is used already. */
  collect(): Promise<Uint8Array> {
    if (this.#isUsed) return Promise.reject(new TypeError('the body is used already'))
    this.#isUsed = true
    if (this.#state === 'ended') return Promise.resolve(this.#take())
    if (this.#state === 'failed') return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#collector = { resolve, reject }
      this.#resume()
    })
  }

  /** The body as a stream, for one caller. It takes no more from the network than is read. */
  stream(): ReadableStream<Uint8Array> {
    this.#isUsed = true
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: (controller) => this.#pull(controller),
        cancel: () => this.#cancel(),
      },
      { highWaterMark: 0 },
    )
  }

  #pull(controller: ReadableStreamDefaultController<Uint8Array>): void {
    if (this.#waiting.length > 0) {
      controller.enqueue(this.#take())
      if (this.#state === 'ended') controller.close()
    } else if (this.#state === 'failed') controller.error(this.#failure)
    else if (this.#state === 'ended') controller.close()
    else this.#isWanted = true
    this.#resume()
  }

  #cancel(): void {
    this.#waiting = []
    this.#isWanted = false
    this.#controller = null
    this.#state = 'ended'
    this.#source.cancel()
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#source.resume()
  }

  /** Everything that waits, in one piece. */
  #take(): Uint8Array {
    const first = this.#waiting[0]
    const all = this.#waiting.length === 1 && first ? first : Buffer.concat(this.#waiting)
    this.#waiting = []
    this.#cost = 0
    return all
  }
}
