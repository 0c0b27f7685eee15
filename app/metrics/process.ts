import { readdirSync, readFileSync } from 'node:fs'
import { Counter, Gauge, type Registry } from 'prom-client'

const MICROSECONDS = 1_000_000

/**
 * What the process takes from its machine, under the names that Prometheus clients share; read when
 * it is asked for. Of prom-client's own set, much is about Node.js alone, and its event loop monitor
 * would wake an idle process a hundred times a second.
 */
export function registerProcess(registry: Registry): void {
  const registers = [registry]
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory size in bytes',
    registers,
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Total user and system CPU time spent in seconds',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / MICROSECONDS)
    },
  })
  const started = new Gauge({
    name: 'process_start_time_seconds',
    help: 'Start time of the process since unix epoch in seconds',
    registers,
  })
  started.set(Math.round(Date.now() / 1000 - process.uptime()))
  registerReadable(registry, {
    name: 'process_open_fds',
    help: 'Number of open file descriptors',
    // One of them is there for this look alone.
    read: () => readdirSync('/proc/self/fd').length - 1,
  })
  registerReadable(registry, {
    name: 'process_max_fds',
    help: 'Maximum number of open file descriptors',
    read: () =>
      Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]),
  })
}

interface Readable {
  readonly name: string
  readonly help: string
  /** NaN when there is no number; throws where it can't be read. */
  readonly read: () => number
}

/** A gauge without a value where the system does not tell: not every one has `/proc`. */
function registerReadable(registry: Registry, { name, help, read }: Readable): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.remove()
      try {
        const value = read()
        if (Number.isFinite(value)) this.set(value)
      } catch {
        // No value says so.
      }
    },
  })
}
