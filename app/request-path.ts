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

/**
 * Whether the path is written as the router sees it, without a doubled or trailing slash: where a
 * parameter that was left empty would make another address of it.
 */
export const isPlainPath = (url: string): boolean => writtenPath(url) === routePath(url)

/** Doubled slashes are one: what joins a base and a path often makes them. */
function pathOf(url: string): string {
  const path = writtenPath(url)
  return path.includes('//') ? path.replace(/\/{2,}/g, '/') : path
}

/** `url` is absolute: the host guard has seen to it. */
function writtenPath(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  if (start < 0) return '/'
  const end = url.slice(start).search(/[?#]/)
  return end < 0 ? url.slice(start) : url.slice(start, start + end)
}
