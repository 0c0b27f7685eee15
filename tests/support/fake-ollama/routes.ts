import { hostname } from 'node:os'
import { embed, embeddings } from './embeddings.ts'
import { chat, generate } from './inference.ts'
import { copy, headBlob, putBlob, remove } from './managing.ts'
import {
  me,
  ps,
  recommendations,
  root,
  show,
  signout,
  status,
  tags,
  version,
  web,
} from './reading.ts'
import { pathname } from './recorder.ts'
import type { Reply } from './reply.ts'
import { sendNothing } from './send.ts'
import type { FakeState, Handler } from './state.ts'
import { create, pull, push } from './transfers.ts'

type Methods = Readonly<Record<string, Handler>>

/** Every native route; `:` stands for one path segment. The /v1 routes are not played. */
const routes: Readonly<Record<string, Methods>> = {
  '/': { GET: root, HEAD: root },
  '/api/version': { GET: version, HEAD: version },
  '/api/status': { GET: status },
  '/api/tags': { GET: tags, HEAD: tags },
  '/api/show': { POST: show },
  '/api/ps': { GET: ps },
  '/api/generate': { POST: generate },
  '/api/chat': { POST: chat },
  '/api/embed': { POST: embed },
  '/api/embeddings': { POST: embeddings },
  '/api/pull': { POST: pull },
  '/api/push': { POST: push },
  '/api/create': { POST: create },
  '/api/copy': { POST: copy },
  '/api/delete': { DELETE: remove },
  '/api/blobs/:': { HEAD: headBlob, POST: putBlob },
  '/api/me': { POST: me },
  '/api/signout': { POST: signout },
  '/api/user/keys/:': { DELETE: signout },
  '/api/experimental/web_search': { POST: web },
  '/api/experimental/web_fetch': { POST: web },
  '/api/experimental/model-recommendations': { GET: recommendations },
}

/** Answers as Ollama's router does: Host and Origin first, then 404 and 405 as plain text. */
export async function route(reply: Reply, state: FakeState): Promise<void> {
  const { request } = reply
  if (!allowedHost(request.header('host') ?? '')) return sendNothing(reply, 403)
  if (!allowedOrigin(request.header('origin'))) return sendNothing(reply, 403)
  const path = decoded(pathname(request))
  const split = path.lastIndexOf('/') + 1
  const methods = routes[path] ?? routes[`${path.slice(0, split)}:`]
  if (!methods || path.endsWith(':')) return plain(reply, 404, '404 page not found')
  const handler = methods[request.method]
  if (!handler) return plain(reply, 405, '405 method not allowed')
  await handler(reply, state, path.slice(split))
}

function plain(reply: Reply, status: number, text: string): Promise<void> {
  return reply.whole(status, 'text/plain', text)
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    // Not decodable is not routable: the raw text matches nothing.
    return path
  }
}

function allowedHost(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase()
  if (['', 'localhost', hostname().toLowerCase()].includes(name)) return true
  if (/\.(?:localhost|local|internal)$/.test(name)) return true
  return /^(?:127|10)\.|^192\.168\.|^172\.(?:1[6-9]|2\d|3[01])\.|^0\.0\.0\.0$|^\[/.test(name)
}

function allowedOrigin(origin: string | undefined): boolean {
  if (origin === undefined) return true
  if (/^(?:app|file|tauri|vscode-webview|vscode-file):\/\//.test(origin)) return true
  return /^https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::\d+)?$/.test(origin)
}
