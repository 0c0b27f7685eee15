import { CliError } from './errors.ts'

/** What a sink writes to: `process.stdout`, any Node writable, or a bare `{ write }`. */
export type TextStream = {
  write(text: string, done?: (error?: Error | null) => void): unknown
  on?(event: 'error', listener: (error: Error) => void): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** A text stream that never fails behind the program's back. */
export type Sink = {
  readonly isTTY: boolean
  /** Terminal width in columns, when there is a terminal. */
  readonly columns: number | undefined
  /** Queues the text. Throws when an earlier write has failed. */
  write(text: string): void
  /** Resolves once all text has been handed to the system; rejects when that failed. */
  flush(): Promise<void>
}

/** The program reading our output has gone (`| head`): stop, there is nothing to report. */
export class ReaderGoneError extends Error {
  override readonly name = 'ReaderGoneError'
}

/**
 * Wraps a stream, which `open` gives at the first use: merely touching `process.stdout` makes the
 * runtime watch it, and a server whose log reader has gone would never sleep again. Failures (a
 * full disk, a closed pipe) surface at the next `write` or `flush`.
 */
export function createSink(open: () => TextStream): Sink {
  let opened: TextStream | undefined
  let failure: Error | undefined
  let pending = 0
  let wake: (() => void)[] = []

  function settle(error?: Error | null): void {
    failure ??= error ? explain(error) : undefined
    if (pending > 0 && !failure) return
    const waiting = wake
    wake = []
    for (const resume of waiting) resume()
  }

  function stream(): TextStream {
    if (opened) return opened
    opened = open()
    opened.on?.('error', settle)
    return opened
  }

  return {
    get isTTY() {
      return stream().isTTY === true
    },
    get columns() {
      return stream().columns
    },
    write(text) {
      if (failure) throw failure
      // A bare { write } is done when it returns; only real streams call back.
      if (stream().on === undefined) {
        stream().write(text)
        return
      }
      pending += 1
      stream().write(text, (error) => {
        pending -= 1
        settle(error)
      })
    },
    async flush() {
      if (pending > 0 && !failure) await new Promise<void>((resolve) => wake.push(resolve))
      if (failure) throw failure
    },
  }
}

function explain(error: Error & { readonly code?: string }): Error {
  if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') {
    return new ReaderGoneError(error.message, { cause: error })
  }
  return new CliError(`cannot write the output: ${error.message}`, { cause: error })
}
