export interface Signals {
  /** Resolves at the first SIGINT or SIGTERM. */
  readonly caught: Promise<void>
  /**
   * Waits for SIGINT or SIGTERM, then for `stop`. Each further signal calls `stop` again, which is
   * then expected to make haste.
   */
  untilStopped(stop: () => Promise<void>): Promise<void>
}

/** Catches SIGINT and SIGTERM from now on, so that none ends the process before it is ready to stop. */
export function catchSignals(): Signals {
  const first = Promise.withResolvers<void>()
  let onSignal = (): void => first.resolve()
  const handler = (): void => onSignal()
  process.on('SIGINT', handler)
  process.on('SIGTERM', handler)
  return {
    caught: first.promise,
    async untilStopped(stop) {
      await first.promise
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      onSignal = () => stop().then(resolve, reject)
      onSignal()
      await promise
      process.off('SIGINT', handler)
      process.off('SIGTERM', handler)
    },
  }
}
