import { describe, expect, test } from 'bun:test'
import { ResponseHead } from '../../../../app/upstream/http/head.ts'

const head = (fields: string, status = 'HTTP/1.1 200 OK') =>
  new ResponseHead(`${status}\r\n${fields}\r\n`, 'GET')

describe('the fields of a head', () => {
  const headers = head(
    'Content-Type: text/plain\r\nX:\t a b \t\r\nEmpty:\r\nx: c\r\nX-Y: \xe9\r\nY: a: b\r\n',
  )

  test('are found whatever the case, without the white space around them', () => {
    expect(headers.get('content-type')).toBe('text/plain')
    expect(headers.get('CONTENT-TYPE')).toBe('text/plain')
    expect(headers.get('empty')).toBe('')
    expect(headers.get('x-y')).toBe('\xe9')
    expect(headers.get('y')).toBe('a: b')
  })

  test('are joined when there are several with one name', () => {
    expect(headers.get('x')).toBe('a b, c')
  })

  test('are null when they are not there', () => {
    for (const name of ['content', 'ontent-type', 'text/plain', '', 'HTTP/1.1 200 OK']) {
      expect(headers.get(name)).toBeNull()
    }
  })
})

test('a status line needs no reason', () => {
  expect(head('', 'HTTP/1.1 200 ').status).toBe(200)
  expect(head('', 'HTTP/1.1 404').status).toBe(404)
  expect(head('', 'HTTP/1.1 599 Gr\xfc\xdfe, alle').status).toBe(599)
})

describe('the connection is kept', () => {
  const length = 'Content-Length: 1\r\n'

  test('by default, when the end of the body is known', () => {
    expect(head(length).keepAlive).toBe(true)
    expect(head('Transfer-Encoding: Chunked\r\n').keepAlive).toBe(true)
    expect(head(`${length}Connection: keep-alive\r\n`).keepAlive).toBe(true)
  })

  test('not when the server says close, in any form', () => {
    for (const value of ['close', 'Close', 'keep-alive, close', 'x,CLOSE ,y']) {
      expect(head(`${length}Connection: ${value}\r\n`).keepAlive).toBe(false)
    }
    expect(head(`${length}Connection: a\r\nConnection: close\r\n`).keepAlive).toBe(false)
  })

  test('not for HTTP/1.0, and not when only the end of the connection ends the body', () => {
    const old = head(`${length}Connection: keep-alive\r\n`, 'HTTP/1.0 200 OK')
    expect(old.keepAlive).toBe(false)
    expect(head('A: b\r\n')).toMatchObject({ framing: 'until-close', keepAlive: false })
  })
})
