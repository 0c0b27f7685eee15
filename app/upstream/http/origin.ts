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

/** Finds the origin of URLs; each is made only once. Throws a TypeError on what is no plain one. */
export function createOrigins(): (url: string) => Origin {
  const known = new Map<string, Origin>()
  return (url) => {
    const base = url.slice(0, pathStart(url))
    const before = known.get(base)
    if (before) return before
    const origin = parseOrigin(base)
    if (known.size >= MAX_REMEMBERED) known.clear()
    known.set(base, origin)
    return origin
  }
}

/** What is asked for at the URL's origin. Throws a TypeError when it can't be sent as it is. */
export function pathOf(url: string): string {
  const path = url.slice(pathStart(url)) || '/'
  if (PATH.test(path)) return path
  throw new TypeError('the path of the URL cannot be sent')
}

function pathStart(url: string): number {
  const slash = url.indexOf('/', 'https://'.length)
  return slash < 0 ? url.length : slash
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
