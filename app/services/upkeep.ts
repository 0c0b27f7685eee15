import type { Log } from '../log.ts'

/** Something that a server does of its own accord. */
export interface Task {
  /** As the log says it when it fails: `keys could not be replaced`. */
  readonly failure: string
  /** How often, in ms. */
  readonly everyMs: number
  /** Can be long when it ends soon after the signal: then the server is about to close. */
  readonly run: (signal: AbortSignal) => Promise<unknown>
}

/** How long what runs may take to end, in ms. */
const CLOSE_MS = 5000

export interface UpkeepNeeds {
  readonly tasks: readonly Task[]
  readonly log: Log
}

export interface Upkeep {
  /**
   * Tells what runs to end; resolves when nothing runs any more, or after five seconds: it is all done again
   * the next time.
   */
  close(): Promise<void>
}

/**
 * Runs each task at once and then again and again, never twice at a time. One that fails is tried again
 * when it is due the next time.
 */
export function startUpkeep({ tasks, log }: UpkeepNeeds): Upkeep {
  const running = new Map<Task, Promise<void>>()
  const closing = new AbortController()
  const start = (task: Task): void => {
    if (running.has(task)) return
    const run = task
      .run(closing.signal)
      .then(
        () => {},
        (err: unknown) => log.warn({ err }, task.failure),
      )
      .finally(() => running.delete(task))
    running.set(task, run)
  }
  for (const task of tasks) start(task)
  const timers = tasks.map((task) => setInterval(() => start(task), task.everyMs))
  return {
    async close() {
      for (const timer of timers) clearInterval(timer)
      closing.abort()
      const { promise: late, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, CLOSE_MS)
      await Promise.race([Promise.all(running.values()), late])
      clearTimeout(timer)
    },
  }
}
