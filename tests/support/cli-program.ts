import { fileURLToPath } from 'node:url'

/** No command may take longer, in ms; one that does is killed, and its code is not 0, 1 or 2. */
const MOST_MS = 60_000
/** How long a server may take to stop, in ms, before it is killed; its code is then 137. */
const MOST_STOP_MS = 15_000

/** The program as it is started in a checkout. */
export const PROGRAM: readonly string[] = [
  process.execPath,
  fileURLToPath(new URL('../../cli/main.ts', import.meta.url)),
]

/** How one run of the program ended and what it said. */
export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** Settings by variable name; nothing else of ours reaches the program. */
  readonly env?: Readonly<Record<string, string>>
  /** What it reads from standard input, which is empty by default and never a terminal. */
  readonly stdin?: string
  /** A command that runs the program, such as `setpriv` with its flags. */
  readonly prefix?: readonly string[]
}

/** Starts the program with these arguments in a clean environment. */
export function spawnProgram(args: readonly string[], options: RunOptions = {}) {
  const { env = {}, stdin, prefix = [] } = options
  return Bun.spawn([...prefix, ...PROGRAM, ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', ...env },
    stdin: stdin === undefined ? 'ignore' : new Blob([stdin]),
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: MOST_MS,
    killSignal: 'SIGKILL',
  })
}

/** Runs the program to its end. */
export async function runProgram(
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const child = spawnProgram(args, options)
  const [code, stdout, stderr] = await Promise.all([
    child.exited,
    child.stdout.text(),
    child.stderr.text(),
  ])
  return { code, stdout, stderr }
}

/** A gateway that is serving; `await using` stops it, whatever happens in between. */
export interface Serving extends AsyncDisposable {
  readonly url: string
  /** Tells it to stop, and waits until it has. */
  stop(): Promise<Ended>
}

/** Runs `serve` on a free port until it says that it serves. Throws with its words when it ends. */
export async function serveProgram(
  args: readonly string[],
  options: RunOptions = {},
): Promise<Serving> {
  const child = spawnProgram(['serve', '--port', '0', ...args], options)
  const stdout = child.stdout.text()
  const decoder = new TextDecoder()
  const reader = child.stderr.getReader()
  let stderr = ''
  const readMore = async (): Promise<boolean> => {
    const { value, done } = await reader.read()
    stderr += decoder.decode(value, { stream: !done })
    return !done
  }
  let url: string | undefined
  while (url === undefined) {
    if (!(await readMore())) throw new Error(`serve ended with ${await child.exited}:\n${stderr}`)
    url = /"url":"([^"]+)".*"msg":"serving"/.exec(stderr)?.[1]
  }
  // Read on at once: a log that nobody reads would fill its pipe and stop the server.
  const rest = (async () => {
    while (await readMore());
  })()
  const stop = async (): Promise<Ended> => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), MOST_STOP_MS)
    await rest
    clearTimeout(timer)
    return { code: await child.exited, stdout: await stdout, stderr }
  }
  return {
    url,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop()
    },
  }
}
