import { Connection, type ConnectionOwner } from './connection.ts'
import { type DialOptions, dial } from './dial.ts'
import { HttpClientError } from './errors.ts'
import type { ConnectionSource } from './exchange.ts'
import type { Origin } from './origin.ts'

export interface PoolOptions extends DialOptions {
  readonly maxIdlePerHost: number
  readonly idleMs: number
}

/** All connections, and which of them are idle; their number has no limit. */
export class ConnectionPool implements ConnectionOwner, ConnectionSource {
  readonly #options: PoolOptions
  readonly #open = new Set<Connection>()
  /** By origin, the longest idle first. */
  readonly #idle = new Map<Origin, Connection[]>()
  #sweeper: ReturnType<typeof setInterval> | null = null

  constructor(options: PoolOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#open.size
  }

  /** The connection that was used last, most likely alive; a new one when none is idle. */
  take(origin: Origin): Connection {
    return this.#idle.get(origin)?.pop() ?? this.connect(origin)
  }

  connect(origin: Origin): Connection {
    const connection = new Connection(origin, this)
    this.#open.add(connection)
    void dial(connection, this.#options)
    return connection
  }

  onIdle(connection: Connection): void {
    const idle = this.#idle.get(connection.origin)
    if (!idle) this.#idle.set(connection.origin, [connection])
    else if (idle.length < this.#options.maxIdlePerHost) idle.push(connection)
    else connection.close()
    this.#sweeper ??= this.#startSweeper()
  }

  onClosed(connection: Connection): void {
    this.#open.delete(connection)
    const idle = this.#idle.get(connection.origin)
    const at = idle?.indexOf(connection) ?? -1
    if (at >= 0) idle?.splice(at, 1)
  }

  /** Ends every connection; requests under way fail. */
  close(): void {
    for (const connection of [...this.#open]) {
      connection.fail(new HttpClientError('ECLOSED', 'the HTTP client was closed'))
    }
  }

  #startSweeper(): ReturnType<typeof setInterval> {
    const timer = setInterval(() => this.#sweep(), Math.max(10, this.#options.idleMs / 4))
    timer.unref()
    return timer
  }

  #sweep(): void {
    const oldest = performance.now() - this.#options.idleMs
    for (const [origin, idle] of this.#idle) {
      for (const connection of idle.filter(({ since }) => since <= oldest)) connection.close()
      if (idle.length === 0) this.#idle.delete(origin)
    }
    if (this.#idle.size > 0 || !this.#sweeper) return
    clearInterval(this.#sweeper)
    this.#sweeper = null
  }
}
