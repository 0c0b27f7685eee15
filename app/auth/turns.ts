import { availableParallelism } from 'node:os'
import { GatewayError } from '../errors/gateway-error.ts'

const MAX_WAITING = 64

/** Runs a task when it is its turn. Throws busy at once when too many wait already. */
export type InTurn = <T>(task: () => Promise<T>) => Promise<T>

/**
 * Turns for tasks that hash passwords: one per core at a time, so that they can't starve the streams,
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

/**
 * Turns for logins, of which hundreds may come at once: in each round of the event loop one of them goes
 * on, be it let in, put in the queue or refused, and what else there is to do is done in between.
 */
export function createLoginTurns(): InTurn {
  const inTurn = createTurns()
  let last = Promise.resolve()
  return async (task) => {
    last = last.then(() => new Promise((resolve) => setImmediate(resolve)))
    await last
    return await inTurn(task)
  }
}
