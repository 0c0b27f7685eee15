/** A first-in-first-out semaphore that can also say when nobody holds it. */
export class Slots {
  readonly #limit: number
  readonly #waiting: (() => void)[] = []
  #taken = 0
  #idle = Promise.withResolvers<void>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Held now, without those that wait. */
  get taken(): number {
    return this.#taken
  }

  /** Waits for a turn. Rejects with the signal's reason, and keeps nothing, when it fires first. */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#taken < this.#limit) {
      this.#taken++
      return
    }
    const turn = Promise.withResolvers<void>()
    const leave = () => {
      const place = this.#waiting.indexOf(turn.resolve)
      if (place >= 0) this.#waiting.splice(place, 1)
      turn.reject(signal.reason)
    }
    this.#waiting.push(turn.resolve)
    signal.addEventListener('abort', leave, { once: true })
    await turn.promise.finally(() => signal.removeEventListener('abort', leave))
  }

  /** Gives the slot to the next in line, or back. */
  give(): void {
    const next = this.#waiting.shift()
    if (next) {
      next()
      return
    }
    this.#taken--
    if (this.#taken > 0) return
    this.#idle.resolve()
    this.#idle = Promise.withResolvers()
  }

  /** Resolves when no slot is held. */
  idle(): Promise<void> {
    return this.#taken === 0 ? Promise.resolve() : this.#idle.promise
  }
}
