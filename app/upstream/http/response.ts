import type { ResponseBody } from './body.ts'
import type { UpstreamResponse } from './client.ts'
import type { ResponseHead } from './head.ts'

const utf8 = new TextDecoder()

/** An answer whose head has come. Its body must be read, cancelled or aborted by the caller. */
export class HttpResponse implements UpstreamResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly #body: ResponseBody
  readonly #hasBody: boolean
  #stream: ReadableStream<Uint8Array> | null = null

  constructor(head: ResponseHead, body: ResponseBody) {
    this.status = head.status
    this.headers = head.headers
    this.#hasBody = head.framing !== 'none'
    this.#body = body
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300
  }

  /** The body as a stream, made when it is first asked for; null when there can't be one. */
  get body(): ReadableStream<Uint8Array> | null {
    if (!this.#hasBody) return null
    this.#stream ??= this.#body.stream()
    return this.#stream
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const { buffer, byteOffset, byteLength } = await this.#collect()
    if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) return buffer
    return new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength)).buffer
  }

  async text(): Promise<string> {
    return utf8.decode(await this.#collect())
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text())
  }

  /** Having looked at `body` is no hindrance, having read from it is. */
  async #collect(): Promise<Uint8Array> {
    if (this.#stream) return await Bun.readableStreamToBytes(this.#stream)
    return await this.#body.collect()
  }
}
