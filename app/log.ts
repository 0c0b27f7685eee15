import { pino } from 'pino'
import { createLogSink } from './log-sink.ts'

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

/**
 * One JSON line per entry on standard error. Warnings and errors are written before the call
 * returns, if somebody reads them; what is less urgent may wait a quarter of a second.
 */
export function createLog(level: string): Log {
  const sink = createLogSink()
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS, censor: '[secret]' },
      serializers: { err: describeError },
    },
    sink,
  )
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn(fields, message) {
      log.warn(fields, message)
      sink.flush()
    },
    error(fields, message) {
      log.error(fields, message)
      sink.flush()
    },
  }
}

/** A log that keeps nothing. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

/**
 * What a terminal obeys and JSON does not escape: C1 controls, other ends of lines, and marks that turn
 * the reading direction. Refusals quote their callers.
 */
const OBEYED = /[\u007f-\u009f\u2028\u2029\ufeff\p{Bidi_Control}]/gu

/** An error and its causes as one line of text each; stacks stay out of the log. */
export function describeError(err: unknown): string {
  const parts: string[] = []
  for (let at = err, depth = 0; at !== undefined && depth < 5; depth++) {
    parts.push(at instanceof Error ? `${at.name}: ${at.message}` : String(at))
    at = at instanceof Error ? at.cause : undefined
  }
  return parts
    .join(' <- ')
    .slice(0, MAX_TEXT)
    .replace(OBEYED, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
