import { ApiError } from './api-error.ts'
import { ClientGone, type Connection } from './connection.ts'
import { type RequestHead, RequestParser } from './http-request.ts'
import type { LedgerEntry } from './ledger.ts'
import type { RecordedRequest, Recorder } from './recorder.ts'
import { Reply } from './reply.ts'
import { sendJson } from './send.ts'

/** What a connection's requests are reported to and answered by. */
export interface PeerNeeds {
  readonly recorder: Recorder
  readonly ledger: LedgerEntry[]
  readonly answer: (reply: Reply) => Promise<void>
}

/** One client connection: reads its requests, answers them in order, notices when it leaves. */
export class Peer {
  readonly connection: Connection
  readonly #needs: PeerNeeds
  readonly #parser: RequestParser
  readonly #chunks: Uint8Array[] = []
  readonly #replies = new Set<Reply>()
  #receiving: RecordedRequest | undefined
  #answered: Promise<void> = Promise.resolve()

  constructor(connection: Connection, needs: PeerNeeds) {
    this.connection = connection
    this.#needs = needs
    this.#parser = new RequestParser({
      onHead: (head) => this.#begin(head),
      onBody: (bytes) => this.#receive(bytes),
      onEnd: () => this.#complete(),
    })
  }

  /** Takes bytes from the client; what is not HTTP gets a 400 and the connection's end. */
  receive(bytes: Uint8Array): void {
    try {
      this.#parser.push(bytes)
    } catch {
      const refusal = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request'
      void this.connection.write(new TextEncoder().encode(refusal)).catch(() => {})
      this.connection.finish()
    }
  }

  /** The client closed or reset its side. */
  leave(): void {
    this.connection.onGone()
    if (this.#receiving) this.#needs.recorder.abort(this.#receiving)
    for (const reply of this.#replies) if (!reply.over) this.#abort(reply)
  }

  /** Resets the connection from our side; what was being answered is broken, not aborted. */
  kill(): void {
    for (const reply of this.#replies) reply.reset()
    this.connection.reset()
  }

  #begin(head: RequestHead): void {
    this.#receiving = this.#needs.recorder.begin(head)
  }

  #receive(bytes: Uint8Array): void {
    this.#chunks.push(Uint8Array.from(bytes))
    if (this.#receiving) this.#receiving.received += bytes.byteLength
  }

  #complete(): void {
    const request = this.#receiving
    if (!request) return
    this.#receiving = undefined
    const body = Buffer.concat(this.#chunks.splice(0))
    const reply = new Reply(this.connection, request)
    this.#needs.ledger.push(reply.ledger)
    this.#replies.add(reply)
    this.#needs.recorder.complete(request, body)
    this.#answered = this.#answered.then(() => this.#serve(reply))
  }

  async #serve(reply: Reply): Promise<void> {
    try {
      await this.#needs.answer(reply)
    } catch (error) {
      await this.#refuse(reply, error).catch(() => this.#abort(reply))
    }
    this.#replies.delete(reply)
    this.#needs.recorder.finish(reply.request)
  }

  async #refuse(reply: Reply, error: unknown): Promise<void> {
    if (error instanceof ClientGone) throw error
    if (reply.started) return reply.reset()
    const known = error instanceof ApiError ? error : new ApiError(500, `fake: ${String(error)}`)
    await sendJson(reply, { error: known.message, ...known.extra }, known.status)
  }

  #abort(reply: Reply): void {
    if (reply.ledger.outcome === 'broken') return
    reply.ledger.close('aborted')
    this.#needs.recorder.abort(reply.request)
  }
}
