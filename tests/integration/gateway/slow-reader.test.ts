import { expect, test } from 'bun:test'
import { goJson } from '../../support/fake-ollama/go-text.ts'
import { chatChunk, chatDone } from '../../support/fake-ollama/records.ts'
import { rawBytes } from '../../support/fake-ollama/script.ts'
import { rawRequest } from '../../support/gateway/raw-http.ts'
import { CHAT, MODEL, type Stage, setStage } from '../../support/gateway/stage.ts'

const MIB = 1024 * 1024
const RECORDS = 640
const RECORD_BYTES = 128 * 1024
/** What the kernel may hold of an answer on its way through two connections. */
const IN_SOCKETS_BYTES = 40 * MIB

/** Asks for a chat over a connection that takes nothing in until it is told to. */
async function askAndPause({ gateway, user }: Stage) {
  const ended = Promise.withResolvers<number>()
  let records = 0
  const body = JSON.stringify(CHAT)
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port: gateway.port,
    socket: {
      open(socket) {
        socket.pause()
        const head = [
          'POST /ollama/api/chat HTTP/1.1',
          `Host: 127.0.0.1:${gateway.port}`,
          `Authorization: Bearer ${user.key}`,
          'Connection: close',
          `Content-Length: ${body.length}`,
        ]
        socket.write(rawRequest(head, body))
      },
      data(_, bytes) {
        records += bytes.toString('latin1').split('"done":').length - 1
      },
      end: () => ended.resolve(records),
      close: () => ended.resolve(records),
    },
  })
  return {
    /** Takes everything; how many records there were. */
    readAll(): Promise<number> {
      socket.resume()
      return ended.promise
    },
  }
}

test('an answer is read no faster than its reader takes it, and reaches him whole', async () => {
  await using stage = await setStage()
  const line = `${goJson(chatChunk(MODEL, 'x'.repeat(RECORD_BYTES)))}\n`
  const last = `${goJson(chatDone(MODEL, { promptTokens: 1, tokens: RECORDS }))}\n`
  stage.ollama.once('/api/chat', rawBytes([...Array(RECORDS).fill(line), last]))
  const reader = await askAndPause(stage)
  await stage.ollama.nextRequest('/api/chat')

  const [entry] = stage.ollama.ledger.filter(({ request }) => request.path === '/api/chat')
  let seen = -1
  while (entry && seen < entry.records) {
    seen = entry.records
    await Bun.sleep(200)
  }
  expect(seen * RECORD_BYTES).toBeLessThan(IN_SOCKETS_BYTES)

  expect(await reader.readAll()).toBe(RECORDS + 1)
  const [row] = await stage.gateway.usageOf(stage.user)
  expect(row).toMatchObject({ completion_tokens: RECORDS, outcome: 'completed' })
})
