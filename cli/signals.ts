/**
 * Waits for SIGINT or SIGTERM, then for `stop`. A second signal calls `stop` again, which is then
 * expected to make haste.
 */
export async function untilToldToStop(stop: () => Promise<void>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onSignal = (): void => {
    stop().then(resolve, reject)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  try {
    await promise
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}
