import { connect, createServer, type Socket } from 'node:net'

/** A way to a database that can fall silent, as a failover without a word lets connections do. */
export interface SilentProxy extends AsyncDisposable {
  readonly port: number
  /** What is connected hears nothing any more, and is not told; who comes then is served. What it says still arrives when only `answers` are lost. */
  silence(what: 'all' | 'answers'): void
}

export interface SilentProxyOptions {
  readonly host: string
  readonly port: number
  /** How long each connection takes to be made, in ms. */
  readonly delayMs?: number
}

/** Opens it on a free port. */
export async function openSilentProxy(options: SilentProxyOptions): Promise<SilentProxy> {
  const { delayMs = 0, ...target } = options
  const pairs = new Set<readonly [Socket, Socket]>()
  const server = createServer((client) => {
    const upstream = connect(target)
    pairs.add([client, upstream])
    setTimeout(() => client.pipe(upstream), delayMs)
    upstream.pipe(client)
    for (const socket of [client, upstream]) socket.on('error', () => {})
  })
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })
  return {
    port,
    silence(what) {
      for (const [client, upstream] of pairs) {
        if (what === 'all') client.unpipe(upstream)
        upstream.unpipe(client)
        upstream.resume()
      }
    },
    async [Symbol.asyncDispose]() {
      for (const socket of [...pairs].flat()) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
