import { rmSync } from 'node:fs'
import type { Account } from './account.ts'
import { freePort } from './free-port.ts'
import { readLog, runSupervised, type StopSignal, type Supervised } from './supervised.ts'

/** A database server of the tests' own that a fault test may stop and start as it likes. */
export interface ControlledServer {
  readonly url: string
  readonly port: number
  /** Starts it again on the same port with the data it had. Resolves when it answers. */
  start(): Promise<void>
  /** In good order by default; `'crash'` leaves clients and data as a power cut would. */
  stop(how?: 'orderly' | 'crash'): Promise<void>
  restart(): Promise<void>
  /** Lets it stand still, with its connections open and nobody at the other end. */
  pause(): Promise<void>
  /** Lets it go on. */
  resume(): Promise<void>
  /** Stops it for good and removes its data. */
  dispose(): Promise<void>
}

/** What differs between the servers. */
export interface ServerKind {
  readonly name: string
  readonly directory: string
  readonly account: Account | undefined
  readonly signals: Readonly<Record<'orderly' | 'crash', StopSignal>>
  command(port: number): readonly string[]
  url(port: number): string
  /** Whether the server answers now. */
  answers(port: number): Promise<boolean>
}

const startTimeoutMs = 20_000
const pollMs = 20

/** Starts a server on a free port. Throws with its log when it doesn't come up. */
export async function startControlled(kind: ServerKind): Promise<ControlledServer> {
  const port = freePort()
  let running: Supervised | undefined
  const removeDirectory = () => rmSync(kind.directory, { recursive: true, force: true })
  // A running server's supervisor does it; one that is stopped just then has none.
  process.on('exit', () => running ?? removeDirectory())

  const server: ControlledServer = {
    url: kind.url(port),
    port,
    async start() {
      running ??= await up(kind, port)
    },
    async stop(how = 'orderly') {
      await running?.stop(kind.signals[how])
      running = undefined
    },
    async restart() {
      await server.stop()
      await server.start()
    },
    async pause() {
      await running?.send('STOP')
    },
    async resume() {
      await running?.send('CONT')
    },
    async dispose() {
      await server.stop('crash')
      removeDirectory()
    },
  }
  await server.start()
  return server
}

async function up(kind: ServerKind, port: number): Promise<Supervised> {
  const { directory, account, signals } = kind
  const command = kind.command(port)
  const running = runSupervised({ command, directory, account, onOrphaned: signals.crash })
  let exited = false
  void running.exited.then(() => {
    exited = true
  })
  const deadline = Date.now() + startTimeoutMs
  while (!(await kind.answers(port))) {
    if (exited || Date.now() > deadline) {
      if (!exited) await running.stop(signals.crash)
      throw new Error(`${kind.name} did not start:\n${await readLog(directory)}`)
    }
    await Bun.sleep(pollMs)
  }
  return running
}
