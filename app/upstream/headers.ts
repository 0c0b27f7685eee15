/** The only headers Ollama gets to see; it would copy others to ollama.com for a cloud model. */
export const JSON_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'application/json',
  accept: 'application/json, application/x-ndjson',
}

export const BINARY_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'application/octet-stream',
}
