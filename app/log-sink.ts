import { writeSync } from 'node:fs'

const STDERR = 2
/** Lines are written together, at most so many characters … */
const BATCH = 4096
/** … at most so late, in ms. */
const FLUSH_MS = 250
/** What is kept for a reader that does not keep up, in characters; beyond it lines are dropped. */
const MAX_KEPT = 1024 * 1024

export interface LogSink {
  write(line: string): void
  /** Writes what can be written now. Never throws, never waits. */
  flush(): void
}

/**
 * Standard error for a server that must go on whatever becomes of it: a full disk, a closed pipe and
 * a reader that has stopped reading cost log lines, and nothing else.
 */
export function createLogSink(): LogSink {
  let kept = ''
  let dropped = 0

  const sink: LogSink = {
    write(line) {
      if (kept.length + line.length > MAX_KEPT) dropped++
      else kept += line
      if (kept.length >= BATCH) sink.flush()
    },
    flush() {
      if (kept === '') return
      try {
        const bytes = Buffer.from(kept)
        const written = writeSync(STDERR, bytes)
        kept = bytes.subarray(written).toString()
        if (dropped > 0 && kept === '') {
          kept = `${JSON.stringify({ level: 'warn', dropped, msg: 'log lines were dropped' })}\n`
          dropped = 0
        }
      } catch (err) {
        if ((err as { code?: unknown }).code === 'EAGAIN') return
        dropped += kept.split('\n').length - 1
        kept = ''
      }
    },
  }
  setInterval(sink.flush, FLUSH_MS).unref()
  process.on('exit', sink.flush)
  return sink
}
