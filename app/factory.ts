import { Hono } from 'hono'
import type { Dialect } from './errors/dialect.ts'
import { routePath } from './request-path.ts'

/** What every request has, before anybody has looked at who sends it. */
export interface BaseEnv {
  Bindings: {
    /** The address of the peer, or null when the socket is gone. */
    peerAddress: () => string | null
  }
  Variables: {
    /** Ours or the caller's own, for logs and answers. */
    requestId: string
    /** When the request arrived, in epoch ms. */
    startedAt: number
    /** How its caller reads errors, once that is known better than from the path. */
    dialect?: Dialect
  }
}

/** A new router. Paths are compared as `routePath` gives them, here and nowhere else. */
export const createApp = () => new Hono<BaseEnv>({ getPath: (request) => routePath(request.url) })

export type App = ReturnType<typeof createApp>
