import type { Replicas } from './replicas.ts'

const MOST_TRIES = 5
/** Until all gateways have found Redis again, in ms. */
const REST_MS = 2000

/**
 * Does it again, up to five times in all, when a gateway lost Redis meanwhile. On a busy machine one can: an
 * answer that takes 40 ms counts as none, and each gateway then admits its share. What holds then is tested
 * elsewhere; what is done here has to begin with a new holder each time.
 */
export async function undisturbed<T>(
  replicas: Pick<Replicas, 'warnings'>,
  act: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const before = replicas.warnings().length
    const outcome = await act().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    )
    const warnings = replicas.warnings().slice(before)
    if (warnings.length === 0 && 'value' in outcome) return outcome.value
    if (warnings.length === 0 && 'error' in outcome) throw outcome.error
    if (tries === MOST_TRIES) throw new Error(`disturbed each time, the last by ${warnings}`)
    await Bun.sleep(REST_MS)
  }
}
