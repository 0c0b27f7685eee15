/** A point in a script that stays shut until the test opens it. */
export interface Gate {
  readonly passed: Promise<void>
  open(): void
}

/** A shut gate. Hand `passed` to the script and call `open` when the test has seen enough. */
export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { passed: promise, open: () => resolve() }
}

/** `count` shut gates, to hold each record of a stream on its own. */
export function gates(count: number): readonly Gate[] {
  return Array.from({ length: count }, gate)
}
