import type { Socket } from 'bun'

/** A way to a server on which each answer comes late. */
export type SlowLink = { url: string; delayMs: number; stop: () => Promise<void> }

/** Passes bytes on to the server of `url` at once, and its answers back after `delayMs`. */
export function startSlowLink(url: string): SlowLink {
  const server = new URL(url)
  const link = { url, delayMs: 0, stop: async () => listener.stop(true) }
  const listener = Bun.listen<{ upstream: Promise<Socket> }>({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open(client) {
        const upstream = Bun.connect({
          hostname: server.hostname,
          port: Number(server.port),
          socket: {
            data(_, answer) {
              const copy = Buffer.from(answer)
              setTimeout(() => client.write(copy), link.delayMs)
            },
            close: () => client.terminate(),
          },
        })
        client.data = { upstream }
      },
      data(client, question) {
        const copy = Buffer.from(question)
        void client.data.upstream.then((upstream) => upstream.write(copy))
      },
      close: (client) => void client.data.upstream.then((upstream) => upstream.terminate()),
    },
  })
  link.url = `redis://127.0.0.1:${listener.port}`
  return link
}
