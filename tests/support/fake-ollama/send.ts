import { goJson } from './go-text.ts'
import type { Reply } from './reply.ts'

/** Sends one JSON object the way Ollama's router does. */
export function sendJson(reply: Reply, value: unknown, status = 200): Promise<void> {
  return reply.whole(status, 'application/json; charset=utf-8', goJson(value))
}

/** Sends one NDJSON line. */
export function sendLine(reply: Reply, value: unknown): Promise<void> {
  return reply.write(`${goJson(value)}\n`)
}

/** Sends 200 with no body. */
export function sendNothing(reply: Reply, status = 200): Promise<void> {
  return reply.whole(status, undefined, '')
}
