import { availableParallelism } from 'node:os'
import { GatewayError } from '../errors/gateway-error.ts'

const MAX_WAITING = 64

/** Runs a task when it is its turn. Throws busy at once when too many wait already. */
export type InTurn = <T>(task: () => Promise<T>) => Promise<T>

/**
 * Turns for tasks that hash passwords: one per core at a time, so that logins can't starve the streams,
 * and 64 that wait.
 */
export function createTurns(): InTurn {
  let free = availableParallelism()
  const waiting: (() => void)[] = []
  const takeTurn = async (): Promise<void> => {
    if (free > 0) {
      free--
      return
    }
    if (waiting.length >= MAX_WAITING) {
      throw new GatewayError('busy', 'too many logins at the moment; try again in a second', {
        headers: { 'retry-after': '1' },
      })
    }
    await new Promise<void>((resolve) => waiting.push(resolve))
  }
  const passTurn = (): void => {
    const next = waiting.shift()
    if (next) next()
    else free++
  }
  return async (task) => {
    await takeTurn()
    try {
      return await task()
    } finally {
      passTurn()
    }
  }
}
