import type { KeyUse } from '../domain/key-use.ts'
import type { Log } from '../log.ts'
import type { KeyUses } from './key-uses.ts'

/** How often it is written down which keys were used, in ms. */
const FLUSH_MS = 1000
/** How often keys are replaced whose time has come, in ms. */
const ROTATE_MS = 60_000

export interface KeyUpkeepNeeds {
  readonly uses: KeyUses
  readonly rotateDue: () => Promise<number>
  readonly log: Log
}

export interface KeyUpkeep {
  /** Told of each use of a key. */
  note(use: KeyUse): void
  /** Writes down the last uses. */
  close(): Promise<void>
}

/** What a server does about keys of its own accord, from now on until it is closed. */
export function startKeyUpkeep({ uses, rotateDue, log }: KeyUpkeepNeeds): KeyUpkeep {
  let rotating: Promise<void> | null = null
  const rotate = async (): Promise<void> => {
    try {
      const replaced = await rotateDue()
      if (replaced > 0) log.info({ replaced }, 'keys were replaced')
    } catch (err) {
      log.warn({ err }, 'keys whose time has come could not be replaced')
    } finally {
      rotating = null
    }
  }
  const startRotation = (): void => {
    rotating ??= rotate()
  }
  startRotation()
  const timers = [
    setInterval(() => void uses.flush(), FLUSH_MS),
    setInterval(startRotation, ROTATE_MS),
  ]
  return {
    note: uses.note,
    async close() {
      for (const timer of timers) clearInterval(timer)
      await rotating
      await uses.close()
    },
  }
}
