import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { failureOf, newClient, newServer, send } from './http-client.ts'

const openssl = Bun.which('openssl')

/** A certificate for `localhost` that signs itself. */
function makeCertificate(program: string): { key: string; cert: string } {
  const dir = mkdtempSync(join(tmpdir(), 'http-tls-'))
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const files = ['-keyout', key, '-out', cert, '-days', '2']
  const made = Bun.spawnSync([program, 'req', '-x509', ...kind, ...files, ...names])
  if (!made.success) throw new Error(made.stderr.toString())
  const certificate = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  rmSync(dir, { recursive: true })
  return certificate
}

describe.skipIf(!openssl)('over TLS', () => {
  let server: Bun.Server<undefined>
  let ca = ''
  let key = ''

  beforeAll(() => {
    const made = makeCertificate(openssl ?? '')
    ca = made.cert
    key = made.key
    server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      tls: made,
      fetch: async (request) =>
        new Response(`${new URL(request.url).host} ${await request.text()}`),
    })
  })
  afterAll(() => server.stop(true))

  test('requests are answered, one after the other on one connection', async () => {
    const client = newClient({ tls: { ca } })
    for (const body of ['a', 'b'.repeat(5_000_000), 'c']) {
      const response = await send(client, `https://localhost:${server.port}/`, { body })
      expect(await response.text()).toBe(`localhost:${server.port} ${body}`)
    }
    expect(client.sockets).toBe(1)
  })

  test('a body without a length of its own is not trusted to be whole', async () => {
    const closing = createServer({ key, cert: ca }, (socket) => {
      socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nhalf'))
    })
    await new Promise<void>((resolve) => closing.listen(0, '127.0.0.1', resolve))
    const address = closing.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const response = await send(newClient({ tls: { ca } }), `https://localhost:${port}/`)
    expect(await failureOf(response.text())).toHaveProperty('code', 'ECONNRESET')
    await new Promise((resolve) => closing.close(resolve))
  })

  test('a certificate that nobody vouches for is refused', async () => {
    const client = newClient()
    const failure = await failureOf(send(client, `https://localhost:${server.port}/`))
    expect(failure).toHaveProperty('code', 'DEPTH_ZERO_SELF_SIGNED_CERT')
    expect(client.sockets).toBe(0)
  })

  test('a certificate for another host is refused', async () => {
    const client = newClient({ tls: { ca } })
    const failure = await failureOf(send(client, `https://127.0.0.1:${server.port}/`))
    expect(failure).toHaveProperty('code', 'ERR_TLS_CERT_ALTNAME_INVALID')
    expect(client.sockets).toBe(0)
  })

  test('a server that closes in the handshake is not connected to', async () => {
    const closing = await newServer(({ socket }) => void socket.end())
    const client = newClient()
    const failure = await failureOf(send(client, closing.url.replace('http:', 'https:')))
    expect(failure.message).toContain('cannot connect')
    expect(client.sockets).toBe(0)
  })

  test('a server without TLS is refused', async () => {
    const plain = await newServer(({ socket }) => void socket.end('HTTP/1.1 400 Bad\r\n\r\n'))
    const client = newClient()
    const failure = await failureOf(send(client, plain.url.replace('http:', 'https:')))
    expect(failure.message).toContain('cannot connect')
    expect(client.sockets).toBe(0)
  })
})
