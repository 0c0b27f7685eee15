import { expect, test } from 'bun:test'
import type { Socket } from 'node:net'
import { bodyOf, newClient, newServer, send } from './http-client.ts'
import { answering } from './raw-server.ts'

const BLOCK = Buffer.alloc(1024 * 1024, 'x')
const BLOCKS = 100

/** Writes as fast as the client reads; `count` tells how many blocks were taken. */
async function pour(socket: Socket, count: (blocks: number) => void): Promise<void> {
  socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${BLOCK.length * BLOCKS}\r\n\r\n`)
  for (let i = 1; i <= BLOCKS; i++) {
    await new Promise<void>((resolve) => socket.write(BLOCK, () => resolve()))
    count(i)
  }
}

test('a server that is faster than the reader is held back, and then goes on', async () => {
  let written = 0
  const server = await newServer(
    answering(({ socket }) => void pour(socket, (blocks) => (written = blocks))),
  )
  const reader = bodyOf(await send(newClient(), server.url)).getReader()
  await untilStill(() => written)
  // What the sockets of the system hold between them.
  expect(written).toBeLessThan(BLOCKS / 2)

  let bytes = (await reader.read()).value?.length ?? 0
  await untilStill(() => written)
  expect(written).toBeLessThan(BLOCKS / 2)

  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    bytes += read.value.length
  }
  expect(bytes).toBe(BLOCK.length * BLOCKS)
})

test('a reader who is not there holds nobody else back', async () => {
  const server = await newServer(
    answering(({ socket }, request) => {
      if (request.startsWith('POST /fast')) void pour(socket, () => {})
      else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
    }),
  )
  const client = newClient()
  const stalled = []
  for (let i = 0; i < 20; i++) stalled.push(await send(client, `${server.url}/fast`))
  expect(await (await send(client, server.url)).text()).toBe('ok')
  await Promise.all(stalled.map((response) => bodyOf(response).cancel()))
  expect(client.sockets).toBe(1)
})

async function untilStill(value: () => number): Promise<void> {
  let before = -1
  while (value() !== before || value() === 0) {
    before = value()
    await Bun.sleep(50)
  }
}
