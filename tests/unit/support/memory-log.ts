import type { Log } from '../../../app/log.ts'

export interface LogEntry {
  readonly level: keyof Log
  readonly fields: object
  readonly message: string
}

/** A log that can be read back. */
export function memoryLog(): Log & { readonly entries: LogEntry[] } {
  const entries: LogEntry[] = []
  const at = (level: keyof Log) => (fields: object, message: string) =>
    void entries.push({ level, fields, message })
  return {
    entries,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  }
}
