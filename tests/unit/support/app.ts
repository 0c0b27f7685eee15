import { toGatewayError } from '../../../app/errors/gateway-error.ts'
import { ollamaDialect } from '../../../app/errors/ollama.ts'
import { renderError } from '../../../app/errors/render.ts'
import { type BaseEnv, createApp } from '../../../app/factory.ts'

export const SOCKET: BaseEnv['Bindings'] = { peerAddress: () => '192.0.2.7' }

/** A router that answers errors as the server does, and names every request `request-1`. */
export function createTestApp(startedAt = 1_000_000) {
  const app = createApp()
  app.use(async function base(c, next) {
    c.set('requestId', 'request-1')
    c.set('startedAt', startedAt)
    await next()
  })
  app.onError((err) => renderError(toGatewayError(err), ollamaDialect, 'request-1'))
  return app
}

/** An answer as its status and the code of its error. */
export async function outcome(answer: Response | Promise<Response>): Promise<[number, string]> {
  const response = await answer
  const body = (await response.json().catch(() => ({}))) as { code?: string }
  return [response.status, body.code ?? '']
}
