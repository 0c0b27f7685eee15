import { describe, expect, test } from 'bun:test'
import { bodyOf, failureOf, newClient, newServer, send } from './http-client.ts'
import { answering, type Peer } from './raw-server.ts'

const LENGTH = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'
const CHUNKED = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n'
const UNTIL_CLOSE = 'HTTP/1.1 200 OK\r\n\r\nhalf'

const close =
  (text: string) =>
  ({ socket }: Peer): void =>
    void socket.end(text)
const reset =
  (text: string) =>
  ({ socket }: Peer): void =>
    void socket.write(text, () => socket.resetAndDestroy())

describe('a request that is never sent fails', () => {
  test('with ECONNREFUSED when nobody listens', async () => {
    const server = await newServer(() => {})
    await server.stop()
    const client = newClient()
    const failure = await failureOf(send(client, server.url))
    expect(failure).toHaveProperty('code', 'ECONNREFUSED')
    expect(failure.message).toContain(`127.0.0.1:${server.port}`)
    expect(client.sockets).toBe(0)
  })

  test('with ENOTFOUND when the name is unknown', async () => {
    const client = newClient()
    const failure = await failureOf(send(client, 'http://unknown.invalid/'))
    expect(failure).toHaveProperty('code', 'ENOTFOUND')
    expect(client.sockets).toBe(0)
  })

  test('with ETIMEDOUT when there is no connection in time', async () => {
    const server = await newServer(() => {})
    const client = newClient({ connectTimeoutMs: 50 })
    const failure = await failureOf(send(client, server.url.replace('http:', 'https:')))
    expect(failure).toHaveProperty('code', 'ETIMEDOUT')
    expect(client.sockets).toBe(0)
    await (await server.peer(0)).closed
  })

  test('when its URL or its headers cannot be sent', async () => {
    const client = newClient()
    expect(await failureOf(send(client, 'http://a.test/a b'))).toBeInstanceOf(TypeError)
    const headers = { 'x-a': 'b\r\nc: d' }
    expect(await failureOf(send(client, 'http://a.test/', { headers }))).toBeInstanceOf(TypeError)
    expect(await failureOf(send(client, 'http://127.0.0.1:0/'))).toBeInstanceOf(Error)
    expect(client.sockets).toBe(0)
  })
})

describe('a connection that ends before the head fails the request with ECONNRESET:', () => {
  for (const [what, end] of Object.entries({
    'closed without a word': close(''),
    'reset without a word': reset(''),
    'closed in the middle of the head': close('HTTP/1.1 200 OK\r\nContent-'),
    'reset in the middle of the head': reset('HTTP/1.1 200 OK\r\nContent-'),
    'closed after an interim response': close('HTTP/1.1 100 Continue\r\n\r\n'),
  })) {
    test(what, async () => {
      const server = await newServer(answering(end))
      const client = newClient()
      expect(await failureOf(send(client, server.url))).toHaveProperty('code', 'ECONNRESET')
      expect(client.sockets).toBe(0)
    })
  }
})

describe('a body that does not come whole gives what came, then fails with ECONNRESET:', () => {
  for (const [what, end] of Object.entries({
    'a length, closed': close(LENGTH),
    'a length, reset': reset(LENGTH),
    'chunks, closed': close(CHUNKED),
    'chunks, reset': reset(CHUNKED),
    'chunks, closed before the last line': close(`${CHUNKED}0\r\n`),
    'everything until the end, reset': reset(UNTIL_CLOSE),
  })) {
    test(what, async () => {
      const server = await newServer(answering(end))
      const client = newClient()
      const reader = bodyOf(await send(client, server.url)).getReader()
      const { value } = await reader.read()
      expect(Buffer.from(value ?? []).toString()).toBe('half')
      expect(await failureOf(reader.read())).toHaveProperty('code', 'ECONNRESET')
      const whole = await send(client, server.url)
      expect(await failureOf(whole.arrayBuffer())).toHaveProperty('code', 'ECONNRESET')
      expect(client.sockets).toBe(0)
    })
  }
})

describe('a malformed response fails with EBADRESPONSE and ends the connection', () => {
  test('in its head', async () => {
    const server = await newServer(
      answering(({ socket }) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 5, 5\r\n\r\n')),
    )
    const client = newClient()
    const failure = await failureOf(send(client, server.url))
    expect(failure).toMatchObject({ code: 'EBADRESPONSE' })
    expect(failure.message).toContain('Content-Length')
    await (await server.peer(0)).closed
    expect(client.sockets).toBe(0)
  })

  test('in its body, after what was well-formed', async () => {
    const server = await newServer(answering(({ socket }) => socket.write(CHUNKED)))
    const client = newClient()
    const reader = bodyOf(await send(client, server.url)).getReader()
    expect((await reader.read()).value?.length).toBe(4)
    const { socket, closed } = await server.peer(0)
    socket.write('oops')
    expect(await failureOf(reader.read())).toHaveProperty('code', 'EBADRESPONSE')
    await closed
    expect(client.sockets).toBe(0)
  })
})
