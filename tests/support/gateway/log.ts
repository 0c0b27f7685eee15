import { describeError, type Log } from '../../../app/log.ts'

export interface LogEntry {
  readonly level: keyof Log
  readonly fields: object
  readonly message: string
}

/** A log that can be read back and waited for. */
export interface RecordingLog extends Log {
  readonly entries: readonly LogEntry[]
  /** Resolves when that many entries with this message have been written in all. */
  until(message: string, count: number): Promise<void>
}

/** Keeps everything, whatever the level. */
export function recordingLog(): RecordingLog {
  const entries: LogEntry[] = []
  const waiting = new Set<() => void>()
  const at = (level: keyof Log) => (fields: object, message: string) => {
    entries.push({ level, fields, message })
    for (const look of waiting) look()
  }
  return {
    entries,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    until(message, count) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const look = (): void => {
        if (entries.filter((entry) => entry.message === message).length < count) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
      return promise
    },
  }
}

/** All of it as text, one line per entry, with the causes of errors. */
export const logText = (entries: readonly LogEntry[]): string =>
  entries.map((entry) => JSON.stringify(entry, withErrors)).join('\n')

const withErrors = (_: string, value: unknown): unknown =>
  value instanceof Error ? describeError(value) : value
