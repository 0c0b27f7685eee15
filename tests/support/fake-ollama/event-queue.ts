/** Events handed out one by one, so that none is missed whichever side comes first. */
export class EventQueue<T> {
  readonly #events: T[] = []
  readonly #waiting: ((event: T) => void)[] = []

  /** Gives the event to the longest waiting caller, or keeps it. */
  push(event: T): void {
    const waiter = this.#waiting.shift()
    if (waiter) waiter(event)
    else this.#events.push(event)
  }

  /** The oldest event that was not handed out yet, or the next to come. */
  next(): Promise<T> {
    const event = this.#events.shift()
    if (event !== undefined) return Promise.resolve(event)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}
