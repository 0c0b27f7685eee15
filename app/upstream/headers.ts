/**
 * The only headers Ollama gets to see; it would copy others to ollama.com for a cloud model. Frozen
 * objects are written out by the HTTP client only once.
 */
export const JSON_HEADERS: Readonly<Record<string, string>> = Object.freeze({
  'content-type': 'application/json',
  accept: 'application/json, application/x-ndjson',
})

export const BINARY_HEADERS: Readonly<Record<string, string>> = Object.freeze({
  'content-type': 'application/octet-stream',
})
