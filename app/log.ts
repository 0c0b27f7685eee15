import { pino } from 'pino'

/** Where components write what happened. Fields first, then a sentence without variable parts. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** The value of such a field is not written. Fields are flat: nothing is looked for deeper down. */
const SECRET_FIELDS = ['authorization', 'cookie', 'password', 'key', 'token', 'secret']
const MAX_TEXT = 512

/** Lines are written together, at most so many bytes and … */
const BUFFER_BYTES = 4096
/** … at most so late, in ms. */
const FLUSH_MS = 250

/**
 * One JSON line per entry on standard error. Warnings and errors are written before the call
 * returns; what is less urgent may wait a quarter of a second, and leaves at the end in any case.
 */
export function createLog(level: string): Log {
  const destination = pino.destination({ dest: 2, sync: true, minLength: BUFFER_BYTES })
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS, censor: '[secret]' },
      serializers: { err: describeError },
    },
    destination,
  )
  const flush = (): void => destination.flushSync()
  setInterval(flush, FLUSH_MS).unref()
  process.on('exit', flush)
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn(fields, message) {
      log.warn(fields, message)
      flush()
    },
    error(fields, message) {
      log.error(fields, message)
      flush()
    },
  }
}

/** A log that keeps nothing. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

/** An error and its causes as one line of text each; stacks stay out of the log. */
export function describeError(err: unknown): string {
  const parts: string[] = []
  for (let at = err, depth = 0; at !== undefined && depth < 5; depth++) {
    parts.push(at instanceof Error ? `${at.name}: ${at.message}` : String(at))
    at = at instanceof Error ? at.cause : undefined
  }
  return parts.join(' <- ').slice(0, MAX_TEXT)
}
