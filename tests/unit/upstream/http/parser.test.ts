import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { ResponseParser } from '../../../../app/upstream/http/parser.ts'
import { everywhere, readResponse } from './read-response.ts'

const ok = (fields: string, body = ''): string => `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`
const chunked = (body: string): string => ok('Transfer-Encoding: chunked\r\n', body)

const SAMPLES: Record<string, { response: string; body: string }> = {
  'a body with a length': {
    response: ok('Content-Type: application/json\r\nContent-Length: 11\r\n', 'hello\r\n\r\nab'),
    body: 'hello\r\n\r\nab',
  },
  'a body in chunks': {
    response: chunked('5\r\nhello\r\n1\r\n \r\n00a\r\nworld\r\n0\r\n\r\n0\r\n\r\n'),
    body: 'hello world\r\n0\r\n',
  },
  'chunks with extensions, upper-case sizes and trailers': {
    response: chunked('A;x="1;2"\r\n0123456789\r\n1 ;y\r\n!\r\n0;z\r\nA: b\r\nC: d\r\n\r\n'),
    body: '0123456789!',
  },
  'interim responses before the final one': {
    response: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok('Content-Length: 2\r\n', 'hi')}`,
    body: 'hi',
  },
  'an empty body': { response: ok('Content-Length: 0\r\n'), body: '' },
  'a body without content, in chunks': { response: chunked('0\r\n\r\n'), body: '' },
}

describe('a response is read the same wherever its pieces are cut:', () => {
  for (const [name, { response, body }] of Object.entries(SAMPLES)) {
    test(name, () => {
      const cuts = [[], everywhere(response), ...everywhere(response).map((cut) => [cut])]
      for (const cut of cuts) {
        const parsed = readResponse(response, cut)
        expect(parsed).toMatchObject({ status: 200, body, isComplete: true, hasExcess: false })
        expect(parsed.keepAlive).toBe(true)
      }
    })
  }

  test('any chunks, cut anywhere', () => {
    const text = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 })
    const cuts = fc.array(fc.nat(600), { maxLength: 12 })
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), cuts, (chunks, offsets) => {
        const coded = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`)
        const response = chunked(`${coded.join('')}0\r\n\r\n`)
        const inside = offsets.filter((cut) => cut < response.length).sort((a, b) => a - b)
        const parsed = readResponse(response, inside)
        expect(parsed).toMatchObject({ body: chunks.join(''), isComplete: true, hasExcess: false })
      }),
    )
  })
})

describe('the end of a response', () => {
  test('is never taken for reached before the last byte', () => {
    for (const { response } of Object.values(SAMPLES)) {
      for (const cut of everywhere(response)) {
        const parser = new ResponseParser('POST')
        parser.push(Buffer.from(response.slice(0, cut), 'latin1'))
        expect(parser.isComplete).toBe(false)
        expect(parser.end()).toBe(false)
      }
    }
  })

  test('is the end of the connection when nothing else says where it is', () => {
    const parser = new ResponseParser('GET')
    expect(parser.push(Buffer.from(ok('A: b\r\n', 'some')))?.toString()).toBe('some')
    expect(parser.push(Buffer.from(' more'))?.toString()).toBe(' more')
    expect(parser.isComplete).toBe(false)
    expect(parser.head?.keepAlive).toBe(false)
    expect(parser.end()).toBe(true)
  })

  test('comes with the head when there can be no body', () => {
    const heads: [string, string][] = [
      ['HEAD', ok('Content-Length: 500\r\n')],
      ['HEAD', ok('Transfer-Encoding: chunked\r\n')],
      ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
      ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 12\r\n\r\n'],
    ]
    for (const [method, head] of heads) {
      expect(readResponse(head, [], method)).toMatchObject({ isComplete: true, keepAlive: true })
    }
  })

  test('tells when more follows than was asked for', () => {
    const responses = [
      `${ok('Content-Length: 2\r\n')}okHTTP/1.1`,
      chunked('0\r\n\r\nx'),
      `${ok('Content-Length: 0\r\n')}x`,
      'HTTP/1.1 204 No Content\r\n\r\nx',
    ]
    for (const response of responses) {
      expect(readResponse(response)).toMatchObject({ isComplete: true, hasExcess: true })
    }
  })
})

test('a head of 64 KiB is read and a larger one is refused, before its end and after', () => {
  const head = (size: number): string => {
    const start = 'HTTP/1.1 200 OK\r\nA: '
    return `${start}${'x'.repeat(size - start.length - 4)}\r\n\r\n`
  }
  expect(readResponse(head(65_536)).status).toBe(200)
  expect(readResponse(head(65_536), [40_000, 65_533]).status).toBe(200)
  expect(() => readResponse(head(65_537))).toThrow('64 KiB')
  expect(() => readResponse(head(70_000).slice(0, -2), [40_000])).toThrow('64 KiB')
})

test('interim responses without end are refused', () => {
  const interim = 'HTTP/1.1 102 Processing\r\n\r\n'
  expect(() => readResponse(interim.repeat(4000))).toThrow('64 KiB')
})

test('a protocol switch is refused', () => {
  expect(() => readResponse('HTTP/1.1 101 Switching\r\n\r\n')).toThrow('protocol switch')
})
