import type { Context } from 'hono'
import { accepts } from 'hono/accepts'
import { methodNotAllowed } from '../errors/gateway-error.ts'
import type { App } from '../factory.ts'
import { type KnownCallerNeeds, knownCaller } from '../middleware/known-caller.ts'
import { type DiscoveryDocumentNeeds, discoveryDocument } from './discovery-document.ts'
import { discoveryPage, PAGE_HEADERS } from './discovery-page.ts'

export interface DiscoveryNeeds extends KnownCallerNeeds, DiscoveryDocumentNeeds {
  readonly rootAliases: boolean
}

/** What Ollama answers to programs that look whether it runs. */
export const BANNER = 'Ollama is running'

const JSON_TYPE = 'application/json'
const HTML_TYPE = 'text/html'
const TEXT_TYPE = 'text/plain'

const HEADERS = { 'cache-control': 'no-store', vary: 'Accept' }

/**
 * `/`: what can be reached here and how, as JSON or, for a browser, as a page. Anybody may read it, and
 * whoever shows a key is told of the models they may use. Where Ollama's API is served at the root,
 * programs that ask for nothing in particular get Ollama's own answer, whatever key they show.
 */
export function mountDiscovery(app: App, needs: DiscoveryNeeds): void {
  const { rootAliases, gateways, acceptsKeyInPath: takesKeyInPath } = needs
  const typeFor = (c: Context): string =>
    accepts(c, {
      header: 'Accept',
      supports: [JSON_TYPE, ...(rootAliases ? [TEXT_TYPE] : []), HTML_TYPE],
      default: rootAliases ? TEXT_TYPE : JSON_TYPE,
    })
  app.get(
    '/',
    async function banner(c, next) {
      if (typeFor(c) === TEXT_TYPE) return c.text(BANNER, 200, HEADERS)
      return await next()
    },
    knownCaller(needs),
    async (c) => {
      const document = await discoveryDocument(needs, c.get('caller') ?? null)
      if (typeFor(c) === JSON_TYPE) return c.json(document, 200, HEADERS)
      const origin = originOf(c.req.url, c.req.header('x-forwarded-proto'))
      const page = discoveryPage(document, { gateways, origin, takesKeyInPath })
      return c.html(page, 200, { ...HEADERS, ...PAGE_HEADERS })
    },
  )
  app.all('/', (c) => {
    throw methodNotAllowed(c.req.method, ['GET', 'HEAD'])
  })
}

/**
 * Where the caller has found us. That a proxy in front speaks TLS is taken from anybody: it can only keep
 * a key from being sent without it, and nobody else is shown the page.
 */
function originOf(url: string, forwardedProto: string | undefined): string {
  const { protocol, host } = new URL(url)
  return `${forwardedProto === 'https' ? 'https:' : protocol}//${host}`
}
