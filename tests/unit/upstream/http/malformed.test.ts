import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { HttpClientError } from '../../../../app/upstream/http/errors.ts'
import { everywhere, readResponse } from './read-response.ts'

const field = (line: string): string => `HTTP/1.1 200 OK\r\nA: b\r\n${line}\r\n\r\nhello`
const chunks = (body: string): string =>
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`

const MALFORMED: Record<string, string> = {
  'a length and a coding': field('Content-Length: 5\r\nTransfer-Encoding: chunked'),
  'two lengths': field('Content-Length: 5\r\nContent-Length: 6'),
  'the same length twice': field('Content-Length: 5\r\ncontent-length: 5'),
  'a list of lengths': field('Content-Length: 5, 5'),
  'a length with a sign': field('Content-Length: +5'),
  'a negative length': field('Content-Length: -1'),
  'a hexadecimal length': field('Content-Length: 0x5'),
  'an empty length': field('Content-Length:'),
  'a length beyond all numbers': field('Content-Length: 99999999999999999999'),
  'a length beyond the safe ones': field('Content-Length: 9007199254740993'),
  'the coding identity': field('Transfer-Encoding: identity'),
  'a coding before chunked': field('Transfer-Encoding: gzip, chunked'),
  'chunked twice': field('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'),
  'an unknown coding': field('Transfer-Encoding: xchunked'),
  'an empty coding': field('Transfer-Encoding:'),
  'a coding in HTTP/1.0': 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
  'white space before a colon': field('Content-Length : 5'),
  'a folded line': field('X: a\r\n b'),
  'a first line that is folded': 'HTTP/1.1 200 OK\r\n A: b\r\n\r\n',
  'a line without a colon': field('nonsense'),
  'a nameless field': field(': x'),
  'a bare line feed in the headers': field('X: a\nY: b'),
  'a bare line feed after the status': 'HTTP/1.1 200 OK\nA: b\r\n\r\n',
  'only bare line feeds': 'HTTP/1.1 200 OK\nA: b\n\n',
  'a bare carriage return': field('X: a\rb'),
  'a NUL in a value': field('X: a\0b'),
  'a NUL in a name': field('X\0: a'),
  'a name that is not ASCII': field('Xé: a'),
  'a status of two digits': 'HTTP/1.1 20 OK\r\n\r\n',
  'a status of four digits': 'HTTP/1.1 2000 OK\r\n\r\n',
  'a status above 599': 'HTTP/1.1 600 OK\r\n\r\n',
  'a status below 100': 'HTTP/1.1 099 OK\r\n\r\n',
  'another protocol': 'HTTP/2 200 OK\r\n\r\n',
  'another protocol in lower case': 'http/1.1 200 OK\r\n\r\n',
  'an old protocol': 'HTTP/0.9 200 OK\r\n\r\n',
  'an empty line first': '\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
  'no HTTP at all': '{"error":"not HTTP"}\r\n\r\n',
  'a chunk size with a prefix': chunks('0x5\r\nhello\r\n0\r\n\r\n'),
  'a chunk size with a sign': chunks('+5\r\nhello\r\n0\r\n\r\n'),
  'a negative chunk size': chunks('-5\r\nhello\r\n0\r\n\r\n'),
  'no chunk size': chunks('\r\nhello\r\n0\r\n\r\n'),
  'an extension without a size': chunks(';x\r\nhello\r\n0\r\n\r\n'),
  'white space before a chunk size': chunks(' 5\r\nhello\r\n0\r\n\r\n'),
  'two numbers as a chunk size': chunks('5 5\r\nhello\r\n0\r\n\r\n'),
  'a chunk size beyond the safe ones': chunks('20000000000000\r\nhello'),
  'a chunk size of many digits': chunks('000000000000000000005\r\nhello\r\n0\r\n\r\n'),
  'a chunk longer than its size': chunks('3\r\nhello\r\n0\r\n\r\n'),
  'a chunk shorter than its size': chunks('7\r\nhello\r\n0\r\n\r\n'),
  'a bare line feed after a chunk size': chunks('5\nhello\r\n0\r\n\r\n'),
  'a bare line feed after a chunk': chunks('5\r\nhello\n0\r\n\r\n'),
  'a bare line feed in an extension': chunks('5;a\nb\r\nhello\r\n0\r\n\r\n'),
  'a bare carriage return after a size': chunks('5\rhello\r\n0\r\n\r\n'),
  'a NUL in an extension': chunks('5;\0\r\nhello\r\n0\r\n\r\n'),
  'a bare line feed in the trailers': chunks('0\r\nA: b\n\r\n'),
  'extensions without end': chunks(`5;${'x'.repeat(70_000)}\r\nhello\r\n0\r\n\r\n`),
  'trailers without end': chunks(`0\r\n${'A: b\r\n'.repeat(20_000)}\r\n`),
}

describe('a response is refused, in one piece and byte by byte, that has', () => {
  for (const [what, response] of Object.entries(MALFORMED)) {
    test(what, () => {
      expect(() => readResponse(response)).toThrow('malformed HTTP response')
      const cuts = response.length < 1000 ? everywhere(response) : [1000, 30_000]
      expect(() => readResponse(response, cuts)).toThrow('malformed HTTP response')
    })
  }
})

describe('whatever comes,', () => {
  test('a parser answers with bytes or with an error of its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), fc.boolean(), (noise, hasHead) => {
        const response = hasHead ? chunks(noise) : `HTTP/1.1 200 OK\r\n${noise}\r\n\r\n`
        try {
          readResponse(response)
        } catch (err) {
          expect(err).toBeInstanceOf(HttpClientError)
          expect(err).toHaveProperty('code', 'EBADRESPONSE')
        }
      }),
      { numRuns: 500 },
    )
  })
})
