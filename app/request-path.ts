const KEY_SEGMENT = /^\/ollama\/k\/([^/]*)/

/**
 * The path that routes and logs see: no query, no doubled or trailing slash, and without the key of
 * `/ollama/k/KEY/…`, which must never be written anywhere. Nothing is decoded: `%61` is not `a`.
 */
export function routePath(url: string): string {
  const path = pathOf(url).replace(KEY_SEGMENT, '/ollama')
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path || '/'
}

/** The key in a path of the form `/ollama/k/KEY/…`, or null. */
export const keyInPath = (url: string): string | null => KEY_SEGMENT.exec(pathOf(url))?.[1] ?? null

/** `url` is absolute: the host guard has seen to it. */
function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  if (start < 0) return '/'
  const end = url.slice(start).search(/[?#]/)
  const path = end < 0 ? url.slice(start) : url.slice(start, start + end)
  return path.includes('//') ? path.replace(/\/{2,}/g, '/') : path
}
