import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import type { HttpClient } from '../../../app/upstream/http/client.ts'
import { bodyOf, newClient, newServer, send } from './http-client.ts'
import { answering, whole } from './raw-server.ts'

const BEGUN = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n'
const ABORTED = 2000

const begun = answering(({ socket }) => void socket.write(BEGUN))

test('thousands of aborted streams leave neither sockets nor memory behind', async () => {
  const server = await newServer(begun)
  const client = newClient()
  await abortMany(client, server.url, 500)
  const before = residentMegabytes()
  await abortMany(client, server.url, ABORTED)
  expect(client.sockets).toBe(0)
  expect(residentMegabytes() - before).toBeLessThan(20)
  await Promise.all(server.peers.map((peer) => peer.closed))
})

test('a thousand quiet streams at once leave room for one more request', async () => {
  const server = await newServer(
    answering(({ socket }, request) => {
      socket.write(request.startsWith('POST /quiet') ? BEGUN : whole('ok'))
    }),
  )
  const client = newClient()
  const quiet = Array.from({ length: 1000 }, () => send(client, `${server.url}/quiet`))
  const responses = await Promise.all(quiet)
  expect(client.sockets).toBe(1000)
  expect(await (await send(client, server.url)).text()).toBe('ok')
  await Promise.all(responses.map((response) => bodyOf(response).cancel()))
  expect(client.sockets).toBe(1)
})

/** Streams that end before their time: before the head, while somebody reads, and cancelled. */
async function abortMany(client: HttpClient, url: string, count: number): Promise<void> {
  let begun = 0
  const worker = async (): Promise<void> => {
    while (begun < count) await abortOne(client, url, begun++ % 3)
  }
  await Promise.all(Array.from({ length: 20 }, worker))
}

async function abortOne(client: HttpClient, url: string, way: number): Promise<void> {
  const abort = new AbortController()
  const answer = send(client, url, { signal: abort.signal })
  if (way === 0) {
    abort.abort()
    await answer.catch(() => {})
    return
  }
  const reader = bodyOf(await answer).getReader()
  await reader.read()
  if (way === 1) {
    await reader.cancel()
    return
  }
  const pending = reader.read().catch(() => {})
  abort.abort()
  await pending
}

function residentMegabytes(): number {
  Bun.gc(true)
  const status = readFileSync('/proc/self/status', 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}
