/** For so long Redis may be silent, in ms, while it owes an answer; then it counts as gone. */
const SILENCE_MS = 40
/** The longest silence that is borne with, in ms, where everything is slow. */
const MOST_SILENCE_MS = 500
/** How often to look, in ms. */
const LOOK_MS = 5
/** The most that one look adds, in ms: what came while this process stood still is not read yet. */
const MOST_PER_LOOK_MS = 100
/** A look that is later than this, in ms, was kept waiting for a processor. */
const LATE_MS = 20
/** How many ms of silence each ms of such waiting excuses, and for how long, in ms. */
const PATIENCE = 2
const MEMORY_MS = 500

interface Delay {
  readonly at: number
  readonly ms: number
}

/** Tells a server that is gone from one that is slow. All times are ms of one clock. */
export interface Silence {
  /** An answer is owed from now on, and none was before. */
  begin(at: number): void
  heard(at: number): void
  /**
   * Whether it is gone; to be asked `nextLookMs` after the last time while answers are owed, the
   * oldest since `since`. It is gone when it has been silent for 40 ms. Looks that come late tell that
   * this process was kept from running, and what keeps it keeps the server as well: for half a second
   * after that a silence is borne with for longer, up to 500 ms.
   */
  look(at: number, since: number): boolean
  readonly nextLookMs: number
  /** How long the silence has been when it was last looked at, in ms. */
  readonly ms: number
}

export function createSilence(): Silence {
  let silentMs = 0
  let countedAt = 0
  let lookedAt = 0
  let delays: readonly Delay[] = []

  const bearableMs = (): number =>
    Math.min(
      MOST_SILENCE_MS,
      delays.reduce((sum, { ms }) => sum + ms * PATIENCE, SILENCE_MS),
    )
  const heard = (at: number): void => {
    silentMs = 0
    countedAt = at
  }

  return {
    begin(at) {
      heard(at)
      lookedAt = at
    },
    heard,
    look(at, since) {
      const lateMs = at - lookedAt - LATE_MS
      delays = delays.filter((delay) => at - delay.at < MEMORY_MS)
      if (lateMs > 0) delays = [...delays, { at, ms: lateMs }]
      silentMs += Math.min(at - Math.max(countedAt, since), MOST_PER_LOOK_MS)
      countedAt = at
      lookedAt = at
      return silentMs >= bearableMs()
    },
    get ms() {
      return silentMs
    },
    get nextLookMs() {
      return Math.max(1, Math.min(LOOK_MS, bearableMs() - silentMs))
    },
  }
}
