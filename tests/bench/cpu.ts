import { dlopen } from 'bun:ffi'
import { readFileSync } from 'node:fs'

const libc = dlopen('libc.so.6', { clock_gettime: { args: ['i32', 'ptr'], returns: 'i32' } })
const time = new BigInt64Array(2)

/**
 * CPU time all threads of a process have used so far, in microseconds, with those that have ended.
 * Throws when there is no such process.
 */
export function cpuMicros(pid: number): number {
  // The clock of a process, as clock_getcpuclockid(3) makes it.
  const clock = (~pid << 3) | 2
  if (libc.symbols.clock_gettime(clock, time) !== 0) throw new Error(`no process ${pid}`)
  return Number(time[0]) * 1e6 + Number(time[1]) / 1e3
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
