import { readdirSync, readFileSync } from 'node:fs'

/** CPU time all threads of a process have used so far, in microseconds. */
export function cpuMicros(pid: number): number {
  let total = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    total += Number(readThread(pid, thread).split(' ')[0])
  }
  return total / 1000
}

/** A thread may end between the listing and the reading. */
function readThread(pid: number, thread: string): string {
  try {
    return readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')
  } catch {
    return '0'
  }
}

/** Resident memory of a process, in megabytes (2^20 bytes). */
export function residentMegabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024
}

/** Watches how busy a core is; the returned function gives the share since the start, 0 to 1. */
export function watchCore(core: number): () => number {
  const before = coreTimes(core)
  return () => {
    const now = coreTimes(core)
    return (now.busy - before.busy) / Math.max(1, now.total - before.total)
  }
}

/** Busy and total time of one core so far, in clock ticks. */
function coreTimes(core: number): { busy: number; total: number } {
  const line = new RegExp(`^cpu${core} (.*)$`, 'm').exec(readFileSync('/proc/stat', 'utf8'))?.[1]
  const times = (line ?? '').split(' ').map(Number).slice(0, 8)
  const total = times.reduce((sum, time) => sum + time, 0)
  return { busy: total - (times[3] ?? 0) - (times[4] ?? 0), total }
}
