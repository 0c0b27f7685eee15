const firstPort = 20_000
const lastPort = 31_999

/**
 * A loopback port that was free a moment ago, for servers that can't choose one themselves. It lies
 * below the range the kernel takes for outgoing connections, so that no client can be given it
 * while the server is down for a restart.
 */
export function freePort(): number {
  for (;;) {
    const port = firstPort + Math.floor(Math.random() * (lastPort - firstPort + 1))
    if (isFree(port)) return port
  }
}

function isFree(port: number): boolean {
  try {
    Bun.listen({ hostname: '127.0.0.1', port, socket: { data() {} } }).stop(true)
    return true
  } catch {
    // Taken: the caller tries another.
    return false
  }
}
