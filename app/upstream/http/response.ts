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
    this.headers = head
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

  /** The whole body, without the copy that `arrayBuffer` may take. */
  bytes(): Promise<Uint8Array> {
    // Having looked at `body` is no hindrance, having read from it is.
    return this.#stream ? bytesOf(this.#stream) : this.#body.collect()
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.bytes().then(ownBuffer)
  }

  async text(): Promise<string> {
    return utf8.decode(await this.bytes())
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text())
  }
}

const bytesOf = async (stream: ReadableStream<Uint8Array>): Promise<Uint8Array> =>
  await Bun.readableStreamToBytes(stream)

/** A buffer with these bytes and nothing else. */
function ownBuffer({ buffer, byteOffset, byteLength }: Uint8Array): ArrayBuffer {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) return buffer
  return new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength)).buffer
}
