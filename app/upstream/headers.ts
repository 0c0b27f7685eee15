/** The only headers Ollama gets to see; it would copy others to ollama.com for a cloud model. */
export const JSON_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'application/json',
  accept: 'application/json, application/x-ndjson',
  // Bun asks for compression by itself and would have to undo it.
  'accept-encoding': 'identity',
}

export const BINARY_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'application/octet-stream',
  'accept-encoding': 'identity',
}

/** Sent with every answer that is passed on: proxies must neither keep, change nor hold it back. */
export const STREAM_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
}
