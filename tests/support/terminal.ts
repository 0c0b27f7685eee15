/** No program may go on for longer, in ms; it is killed then. */
const MOST_MS = 600_000

export interface TerminalOptions {
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** A program on a terminal of its own; `await using` ends it at the latest. */
export interface TerminalProgram extends AsyncDisposable {
  readonly pid: number
  /** All that was shown so far. */
  readonly screen: () => string
  /** Resolves once the screen shows this. Throws with the screen when the program ends before. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>
  /** Types this, as on its keyboard; Return is `\\r`. */
  type(text: string): void
  /** Presses Ctrl-C: every program on the terminal gets SIGINT, as from a keyboard. */
  pressCtrlC(): void
  /** Sends a signal to this program alone, as a supervisor does. */
  kill(signal: NodeJS.Signals): void
  /** The exit code. */
  readonly exited: Promise<number>
}

/**
 * Starts a program that goes on until it is stopped. Its terminal ends with the process of the
 * tests, so that the program can't outlive them.
 */
export function onTerminal(
  command: readonly string[],
  { env, cwd }: TerminalOptions,
): TerminalProgram {
  const decoder = new TextDecoder()
  let screen = ''
  let shown = Promise.withResolvers<void>()
  const child = Bun.spawn([...command], {
    ...(cwd && { cwd }),
    env: { TERM: 'xterm', ...env },
    timeout: MOST_MS,
    killSignal: 'SIGKILL',
    terminal: {
      cols: 200,
      rows: 50,
      data(_, bytes) {
        screen += decoder.decode(bytes, { stream: true })
        shown.resolve()
        shown = Promise.withResolvers()
      },
    },
  })
  const ended = child.exited.then(() => 'ended' as const)
  return {
    pid: child.pid,
    screen: () => screen,
    async waitFor(pattern) {
      for (;;) {
        const match = pattern.exec(screen)
        if (match) return match
        const what = await Promise.race([shown.promise, ended])
        if (what === 'ended' && !pattern.test(screen)) {
          throw new Error(`it ended with ${await child.exited} instead:\n${screen}`)
        }
      }
    },
    type: (text) => child.terminal?.write(text),
    pressCtrlC: () => child.terminal?.write('\u0003'),
    kill: (signal) => child.kill(signal),
    exited: child.exited,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await child.exited
      // What it has started itself is hung up on.
      child.terminal?.close()
    },
  }
}
