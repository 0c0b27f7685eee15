/** Less than it takes a hold that was forgotten to go away by itself, in ms. */
const DEADLINE_MS = 10_000
const POLL_MS = 5

/** Asks until it is so. Throws when that takes longer than 10 s, with what `tell` then says. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  tell: () => unknown = () => String(isSo),
): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`it never came to be: ${await tell()}`)
    await Bun.sleep(POLL_MS)
  }
}
