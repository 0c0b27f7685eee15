import type { ReadableStreamDefaultReader } from 'node:stream/web'
import type { SocketWriter } from './writer.ts'

/** Payload bytes of one chunk at most, whatever the size of the pieces the body comes in. */
const MAX_CHUNK_BYTES = 256 * 1024
const CRLF = '\r\n'
const LAST_CHUNK = '0\r\n\r\n'

/** A request body on its way out in chunks (RFC 9112 §7.1), no faster than the socket takes it. */
export class Upload {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #writer: SocketWriter
  #state: 'sending' | 'sent' | 'stopped' = 'sending'

  constructor(body: ReadableStream<Uint8Array>, writer: SocketWriter) {
    this.#reader = body.getReader()
    this.#writer = writer
  }

  get isSent(): boolean {
    return this.#state === 'sent'
  }

  /** Sends the whole body, or what is taken of it before `stop`. Rejects when the body fails. */
  async run(): Promise<void> {
    await this.#writer.drained()
    while (this.#state === 'sending') {
      const { done, value } = await this.#reader.read()
      if (this.#state !== 'sending') return
      if (!done) {
        await this.#send(value)
        continue
      }
      this.#writer.write(LAST_CHUNK)
      this.#state = 'sent'
    }
  }

  /** Ends the sending: nobody wants the rest. */
  stop(reason: unknown): void {
    if (this.#state !== 'sending') return
    this.#state = 'stopped'
    this.#reader.cancel(reason).catch(() => {})
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += MAX_CHUNK_BYTES) {
      this.#writer.write(chunk(bytes.subarray(at, at + MAX_CHUNK_BYTES)))
      if (this.#writer.isBehind) await this.#writer.drained()
      if (this.#state !== 'sending') return
    }
  }
}

/** One copy is cheaper than three writes. */
const chunk = (payload: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(payload.length.toString(16) + CRLF), payload, Buffer.from(CRLF)])
