import { availableParallelism } from 'node:os'

/** Cores of a measurement: the target has one for itself, load and upstream share the other. */
export const TARGET_CORE = 0
export const LOAD_CORE = 1

/** How processes are kept apart on this machine. */
export type Pinning = { prefix: string[]; note: string }

/**
 * Moves this process, and the children it starts from now on, to the load core. `prefix` goes in
 * front of a target's command line. Where pinning is impossible, `note` says so.
 */
export function pinToLoadCore(): Pinning {
  if (availableParallelism() < 2) {
    return { prefix: [], note: 'NOT PINNED: one core only, load and target share it' }
  }
  const taskset = Bun.which('taskset')
  if (!taskset) return { prefix: [], note: 'NOT PINNED: taskset is not installed' }
  const moved = Bun.spawnSync([taskset, '-apc', String(LOAD_CORE), String(process.pid)])
  if (!moved.success) return { prefix: [], note: 'NOT PINNED: taskset was refused' }
  return {
    prefix: [taskset, '-c', String(TARGET_CORE)],
    note: `targets on core ${TARGET_CORE}; load generator and upstream on core ${LOAD_CORE}`,
  }
}
