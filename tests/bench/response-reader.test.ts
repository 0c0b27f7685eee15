import { expect, test } from 'bun:test'
import { ResponseReader } from './response-reader.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const CHUNKED = encode(
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' +
    '4\r\n{1}\n\r\n1E\r\n{2}\n{"a":1,"bb":2,"done":true}\r\n1\r\n\n\r\n0\r\n\r\n',
)
const SIZED = encode(
  'HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\nConnection: close\r\n\r\nnope\n',
)

test('a chunked response reads the same wherever its bytes are split', () => {
  for (let split = 0; split <= CHUNKED.length; split++) {
    const reader = new ResponseReader()
    const early = reader.feed(CHUNKED.subarray(0, split))
    expect(early || reader.feed(CHUNKED.subarray(split))).toBe(true)
    const { status, records, bytes, tail } = reader.reply()
    expect({ status, records, bytes }).toEqual({ status: 200, records: 3, bytes: 35 })
    expect(tail).toEndWith('"done":true}\n')
  }
})

test('events end in an empty line, wherever their bytes are split', () => {
  const body = 'event: a\ndata: {1}\n\ndata: {2}\n\ndata: [DONE]\n\n'
  const events = encode(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  for (let split = 0; split <= events.length; split++) {
    const reader = new ResponseReader('events')
    reader.feed(events.subarray(0, split))
    reader.feed(events.subarray(split))
    expect(reader.reply()).toMatchObject({ records: 3, bytes: body.length, tail: body })
  }
})

test('a response is not complete before its closing chunk', () => {
  const reader = new ResponseReader()
  expect(reader.feed(CHUNKED.subarray(0, CHUNKED.length - 1))).toBe(false)
})

test('a response with a length reads the same byte by byte', () => {
  const reader = new ResponseReader()
  const ends = [...SIZED].map((byte) => reader.feed(Uint8Array.of(byte)))
  expect(ends.indexOf(true)).toBe(SIZED.length - 1)
  expect(reader.reusable).toBe(false)
  expect(reader.reply()).toMatchObject({ status: 404, records: 1, bytes: 5, tail: 'nope\n' })
})

test('what is not HTTP is refused', () => {
  expect(() => new ResponseReader().feed(encode('SSH-2.0-x\r\n\r\n'))).toThrow('not an HTTP')
})
