import type { App } from '../factory.ts'

export interface JwksNeeds {
  /** The public keys with which access tokens can be checked. */
  readonly publishedKeys: () => Promise<object>
}

/** `/.well-known/jwks.json` (RFC 7517): a key is there a day before it signs, readers may keep the list. */
export function mountJwks(app: App, { publishedKeys }: JwksNeeds): void {
  app.get('/.well-known/jwks.json', async (c) =>
    c.body(JSON.stringify(await publishedKeys()), 200, {
      'content-type': 'application/jwk-set+json',
      'cache-control': 'public, max-age=300',
    }),
  )
}
