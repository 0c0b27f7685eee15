/** Where requests with the same scheme, host and port go (RFC 9110 §4.3.1). */
export interface Origin {
  /** What the `host` field says. */
  readonly authority: string
  readonly hostname: string
  readonly port: number
  readonly isTls: boolean
}

/** A path with its query, as it is sent: nothing in it is encoded or resolved. */
const PATH = /^\/[!"$-~]*$/
const SCHEME = /^https?:\/\//
const MAX_REMEMBERED = 1000

/** Takes URLs apart, each origin only once. Throws a TypeError on what is no plain HTTP URL. */
export function createOrigins(): (url: string) => {
  readonly origin: Origin
  readonly path: string
} {
  const known = new Map<string, Origin>()
  return (url) => {
    const slash = url.indexOf('/', 'https://'.length)
    const base = slash < 0 ? url : url.slice(0, slash)
    const path = slash < 0 ? '/' : url.slice(slash)
    if (!PATH.test(path)) throw new TypeError('the path of the URL cannot be sent')
    let origin = known.get(base)
    if (!origin) {
      origin = parseOrigin(base)
      if (known.size >= MAX_REMEMBERED) known.clear()
      known.set(base, origin)
    }
    return { origin, path }
  }
}

function parseOrigin(base: string): Origin {
  const url = new URL(base)
  const isPlain = url.pathname === '/' && !url.username && !url.search && !url.hash
  if (!SCHEME.test(base) || !isPlain) throw new TypeError('not a plain http:// or https:// URL')
  const isTls = url.protocol === 'https:'
  return {
    authority: url.host,
    hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (isTls ? 443 : 80) : Number(url.port),
    isTls,
  }
}
