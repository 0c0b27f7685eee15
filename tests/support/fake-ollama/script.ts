import { goJson } from './go-text.ts'
import type { RecordedRequest } from './recorder.ts'
import type { Reply } from './reply.ts'

/** One thing a scripted answer does. */
export type Step = (reply: Reply) => void | Promise<void>

/** Steps in order. A script that neither ends nor breaks its answer is ended properly. */
export type Script = Step | readonly Script[]

/** A script, or a function that picks one by the request. */
export type Scripted = Script | { readonly byRequest: (request: RecordedRequest) => Script }

/** How a stream's bytes are cut into writes, and what happens before each of them. */
export interface StreamOptions {
  /**
   * One write per record (default), all in one, pieces of n bytes, or pieces of these sizes.
   * Without gates or a gap the kernel may join neighbouring writes on their way.
   */
  readonly chunking?: 'record' | 'together' | number | readonly number[]
  /** `gates[i]` is awaited before write i. */
  readonly gates?: readonly Promise<unknown>[]
  /** Silence between two writes in ms. */
  readonly gapMs?: number
  /** Lines end with CRLF. */
  readonly crlf?: boolean
  /** The last line has no line end at all. */
  readonly noFinalNewline?: boolean
}

/** Sends each record as one line of NDJSON. */
export function stream(records: readonly unknown[], options: StreamOptions = {}): Step {
  const end = options.crlf ? '\r\n' : '\n'
  const lines = records.map((record, index) => {
    const last = index === records.length - 1 && options.noFinalNewline === true
    return goJson(record) + (last ? '' : end)
  })
  const writes = cut(lines, options.chunking ?? 'record')
  return async (reply) => {
    for (const [index, bytes] of writes.entries()) {
      const gate = options.gates?.[index]
      if (gate) await reply.until(gate)
      if (index > 0 && options.gapMs) await reply.until(Bun.sleep(options.gapMs))
      await reply.write(bytes)
    }
  }
}

/** Waits: before the head if nothing was sent yet, else in the middle of the body. */
export function waitFor(awaited: Promise<unknown>): Step {
  return async (reply) => {
    await reply.until(awaited)
  }
}

/** Stays silent until the client leaves. */
export function hang(): Step {
  return waitFor(new Promise(() => {}))
}

/** Sends the status line and headers now, before any body. */
export function headers(status = 200, fields: Readonly<Record<string, string>> = {}): Step {
  return (reply) => reply.head(status, { 'Content-Type': 'application/x-ndjson', ...fields })
}

/** Refuses with a native JSON error (text) or any other JSON body (object). */
export function errorBefore(status: number, error: string | object): Step {
  const body = typeof error === 'string' ? { error } : error
  return (reply) => reply.whole(status, 'application/json; charset=utf-8', goJson(body))
}

/** Answers with any status, content type and body text, for example a proxy's HTML 502. */
export function respond(status: number, contentType: string | undefined, body: string): Step {
  return (reply) => reply.whole(status, contentType, body)
}

/** A 502 as a web server in front of Ollama writes it: HTML, not JSON. */
export function badGateway(): Step {
  return respond(502, 'text/html', '<html><h1>502 Bad Gateway</h1></html>')
}

/** The 403 with no body and no content type that a rejected Host or Origin gets. */
export function emptyForbidden(): Step {
  return respond(403, undefined, '')
}

/** Redirects to another address. */
export function redirect(to: string, status = 307): Step {
  return async (reply) => {
    await reply.head(status, { Location: to }, { length: 0 })
    await reply.end()
  }
}

/** Sends an error line under status 200 and ends the stream properly, without a `done` record. */
export function errorMidStream(text: string): Step {
  return async (reply) => {
    await reply.write(`${goJson({ error: text })}\n`)
    await reply.end()
  }
}

/** Ends the body properly, whatever was sent. */
export function endWithoutDone(): Step {
  return (reply) => reply.end()
}

/** Closes the connection in good order but before the body's end. */
export function cutShort(): Step {
  return (reply) => reply.cut()
}

/** Resets the TCP connection. */
export function reset(): Step {
  return (reply) => reply.reset()
}

/** Sends each piece as one write, whatever is in it. */
export function rawBytes(pieces: readonly (Uint8Array | string)[]): Step {
  return async (reply) => {
    for (const piece of pieces) await reply.write(piece)
  }
}

/** Sends a line that is no JSON. */
export function junkLine(text = '<<< not json >>>'): Step {
  return (reply) => reply.write(`${text}\n`)
}

/** Sends one JSON line of exactly `bytes` bytes and its newline, default 10 MB. */
export function longLine(bytes = 10_000_000): Step {
  const [open, close] = ['{"message":{"role":"assistant","content":"', '"},"done":false}']
  return (reply) =>
    reply.write(`${open}${'x'.repeat(bytes - open.length - close.length)}${close}\n`)
}

/** Performs the script, then ends the answer unless the script has. */
export async function play(script: Script, reply: Reply): Promise<void> {
  for (const step of flatten(script)) await step(reply)
  if (!reply.over) await reply.end()
}

function flatten(script: Script): Step[] {
  return typeof script === 'function' ? [script] : script.flatMap(flatten)
}

function cut(lines: readonly string[], chunking: NonNullable<StreamOptions['chunking']>) {
  const encoder = new TextEncoder()
  if (chunking === 'record') return lines.map((line) => encoder.encode(line))
  const all = encoder.encode(lines.join(''))
  if (chunking === 'together') return [all]
  const sizes = typeof chunking === 'number' ? undefined : [...chunking]
  const pieces: Uint8Array[] = []
  for (let at = 0; at < all.byteLength; ) {
    const size = typeof chunking === 'number' ? chunking : (sizes?.shift() ?? all.byteLength)
    pieces.push(all.subarray(at, at + size))
    at += size
  }
  return pieces
}
