import { openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Subprocess } from 'bun'

const START_MS = 30_000
const STOP_MS = 3000

const running = new Set<Subprocess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A process under measurement, its output in a file. */
export type Child = { pid: number; process: Subprocess; output: () => Promise<string> }

/** Starts a command with its output in `logFile`. It does not outlive this process. */
export function startChild(
  command: string[],
  logFile: string,
  env: Record<string, string> = {},
): Child {
  const log = openSync(logFile, 'a')
  const started = Bun.spawn(command, {
    stdio: ['ignore', log, log],
    env: { ...process.env, ...env },
  })
  running.add(started)
  void started.exited.then(() => running.delete(started))
  return { pid: started.pid, process: started, output: () => readFile(logFile, 'utf8') }
}

/** Ends a child and waits for it: three seconds of grace, then by force. */
export async function stopChild(child: Child): Promise<void> {
  child.process.kill('SIGTERM')
  const grace = setTimeout(() => child.process.kill('SIGKILL'), STOP_MS)
  await child.process.exited
  clearTimeout(grace)
}

/** Waits until `probe` gives a value. Throws with the child's output when it ends or takes 30 s. */
export async function untilReady<T>(
  child: Child,
  name: string,
  probe: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = performance.now() + START_MS
  while (child.process.exitCode === null && performance.now() < deadline) {
    const found = await probe().catch(() => undefined)
    if (found !== undefined) return found
    await Bun.sleep(25)
  }
  await stopChild(child)
  throw new Error(`${name} did not start:\n${(await child.output()).slice(-2000)}`)
}

/** A port that was free a moment ago. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = listener
  listener.stop()
  return port
}
