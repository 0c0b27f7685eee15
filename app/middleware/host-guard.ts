import { GatewayError } from '../errors/gateway-error.ts'

const HOST = /^(?:\[[0-9a-f:.]{2,45}\]|[a-z0-9_](?:[a-z0-9_.-]{0,253}[a-z0-9_.])?)(?::(\d{1,5}))?$/i
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/**
 * Refuses what must not reach the router. With a malformed `Host` the server hands over a relative
 * URL, from which the router would drop the first path segment: whatever is decided by path would
 * be decided about another path. A request line that names another host than `Host` can't be seen
 * here: the server builds the URL from `Host`. Returns null when the request is well-formed.
 */
export function hostGuard(request: Request): GatewayError | null {
  if (!METHODS.has(request.method)) {
    return new GatewayError('method_not_allowed', `the method ${request.method} is not used here`, {
      headers: { allow: 'GET, HEAD, POST, DELETE' },
    })
  }
  const host = request.headers.get('host') ?? ''
  const port = HOST.exec(host)
  if (!port || Number(port[1] ?? 0) > 65_535) {
    return new GatewayError('bad_host', 'the Host header is not a host name with an optional port')
  }
  if (!isUrlOfHost(request.url, host)) {
    return new GatewayError(
      'bad_host',
      'the Host header is not in its usual form, or does not belong to the request target',
    )
  }
  // Two equal Content-Length headers arrive as one list; proxies disagree on which of them counts.
  const length = request.headers.get('content-length')
  if (length !== null && !/^\d+$/.test(length)) {
    return new GatewayError('bad_request', 'the Content-Length header must be given once')
  }
  return null
}

function isUrlOfHost(url: string, host: string): boolean {
  const start = url.startsWith('http://') ? 7 : url.startsWith('https://') ? 8 : 0
  if (start === 0) return false
  const authority = url.slice(start, url.indexOf('/', start))
  const withoutDefaultPort = host.replace(start === 7 ? /:0*80$/ : /:0*443$/, '')
  return (
    authority.toLowerCase() === host.toLowerCase() ||
    authority.toLowerCase() === withoutDefaultPort.toLowerCase()
  )
}
