import { chmod, chown, mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Account } from './account.ts'

/** The signals a test may stop a server with. */
export type StopSignal = 'INT' | 'TERM' | 'QUIT' | 'KILL'
/** The signals that make a server stand still and go on. */
export type PauseSignal = 'STOP' | 'CONT'

/** A server process that can't outlive this one. */
export interface Supervised {
  readonly exited: Promise<number>
  /** Sends the signal to the server, which may take a moment to get it. */
  send(signal: PauseSignal): Promise<void>
  /** Sends the signal to the server and waits for its end. */
  stop(signal: StopSignal): Promise<void>
}

/** What is to be run, and where. */
export interface SupervisedCommand {
  readonly command: readonly string[]
  /** Working directory, made by {@link temporaryDirectory}; goes away with an abandoned server. */
  readonly directory: string
  readonly account: Account | undefined
  /** Sent when this process dies without stopping the server. */
  readonly onOrphaned: StopSignal
}

/**
 * Runs the server while reading our pipe beside it: a line is a signal to pass on, and the end of
 * the pipe (the kernel closes it however we die) stops the server and removes its directory.
 */
const supervisor = `
directory=$1 orphaned=$2
shift 2
"$@" </dev/null &
server=$!
{
  while read -r signal; do kill -"$signal" $server; done
  : >"$directory/orphaned"; kill -"$orphaned" $server; kill -CONT $server
} <&3 &
reader=$!
exec 3<&-
wait $server
code=$?
kill $reader 2>/dev/null
if [ -e "$directory/orphaned" ]; then rm -rf "$directory"; fi
exit $code
`

/** Starts the server; its output goes to `log` in its directory. */
export function runSupervised({ command, directory, account, onOrphaned }: SupervisedCommand) {
  const log = Bun.file(join(directory, 'log'))
  const child = Bun.spawn(
    ['sh', '-c', `exec 3<&0; ${supervisor}`, 'supervisor', directory, onOrphaned, ...command],
    { cwd: directory, stdin: 'pipe', stdout: log, stderr: log, ...account },
  )
  child.unref()
  const supervised: Supervised = {
    exited: child.exited,
    async send(signal) {
      child.stdin.write(`${signal}\n`)
      await child.stdin.flush()
    },
    async stop(signal) {
      // One that stands still gets the signal when it goes on.
      child.stdin.write(`${signal}\nCONT\n`)
      await child.stdin.flush()
      await child.exited
    },
  }
  return supervised
}

/** A new directory that the account owns and nobody else can read. */
export async function temporaryDirectory(prefix: string, account: Account | undefined) {
  const directory = await mkdtemp(join(tmpdir(), prefix))
  await chmod(directory, 0o700)
  if (account) await chown(directory, account.uid, account.gid)
  return directory
}

/** What the server has said so far. */
export async function readLog(directory: string): Promise<string> {
  return (await readFile(join(directory, 'log'), 'utf8')).trimEnd()
}
