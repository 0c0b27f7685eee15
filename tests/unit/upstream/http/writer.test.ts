import { expect, test } from 'bun:test'
import { SocketWriter } from '../../../../app/upstream/http/writer.ts'

/** A socket that takes a few bytes at a time. */
function createSocket(capacity: number) {
  const taken: Buffer[] = []
  let room = capacity
  return {
    write(data: string | Uint8Array): number {
      const accepted = Buffer.from(data).subarray(0, room)
      room -= accepted.length
      taken.push(Buffer.from(accepted))
      return accepted.length
    },
    drain(): void {
      room = capacity
    },
    text: () => Buffer.concat(taken).toString(),
  }
}

for (const size of [3, 20_000]) {
  test(`a text of ${size} characters arrives whole, a few bytes at a time`, async () => {
    const message = 'é€x'.repeat(Math.ceil(size / 3))
    const socket = createSocket(Math.ceil(size / 4))
    const writer = new SocketWriter(socket)
    writer.write(message)
    expect(writer.isBehind).toBe(true)
    const drained = writer.drained()
    for (let i = 0; i < 20; i++) {
      socket.drain()
      writer.onDrain()
    }
    await drained
    expect(writer.isBehind).toBe(false)
    expect(socket.text()).toBe(message)
  })
}

test('a socket that takes everything needs no draining', async () => {
  const socket = createSocket(100)
  const writer = new SocketWriter(socket)
  writer.write(Buffer.from('all of it'))
  expect(writer.isBehind).toBe(false)
  await writer.drained()
  writer.onDrain()
  expect(socket.text()).toBe('all of it')
})

test('nobody waits for a socket that is closed', async () => {
  const writer = new SocketWriter({ write: () => -1 })
  writer.write('lost')
  const drained = writer.drained()
  writer.close()
  await drained
  writer.write('lost, too')
  await writer.drained()
})
