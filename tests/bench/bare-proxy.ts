/**
 * The yardstick: the least a Bun program can do to pass a request on and an answer back, the body
 * piped natively and never seen. Usage: bare-proxy.ts PORT UPSTREAM
 */
const [port, upstream] = process.argv.slice(2)

Bun.serve({
  hostname: '127.0.0.1',
  port: Number(port),
  idleTimeout: 0,
  async fetch(request) {
    const answer = await fetch(`${upstream}${new URL(request.url).pathname}`, {
      method: request.method,
      headers: { 'content-type': 'application/json' },
      body: await request.text(),
      signal: request.signal,
      decompress: false,
    })
    const type = answer.headers.get('content-type') ?? 'application/json'
    return new Response(answer.body, { status: answer.status, headers: { 'content-type': type } })
  },
})
