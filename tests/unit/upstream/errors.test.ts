import { describe, expect, test } from 'bun:test'
import type { ErrorCode } from '../../../app/errors/codes.ts'
import { GatewayError } from '../../../app/errors/gateway-error.ts'
import {
  isUnreachable,
  nativeErrorText,
  publicText,
  upstreamFailure,
  upstreamRefusal,
} from '../../../app/upstream/errors.ts'
import { HttpClientError } from '../../../app/upstream/http/errors.ts'

const failed = (code: string): Error => new HttpClientError(code, 'it failed')

describe('the text of an error', () => {
  test.each([
    ['a path', 'open /usr/share/ollama/.ollama/models/blobs/sha256-00: denied', /usr|share|blobs/],
    ['a quoted path', 'open "/home/bob/.ollama/id_ed25519": no such file', /home|bob/],
    ['a path behind =', 'model=/var/lib/ollama/x.gguf is broken', /var|lib/],
    ['a path in brackets', 'cannot run [/usr/lib/ollama/runner --port 1]', /usr|lib/],
    ['a Windows path', 'open C:\\Users\\bob\\.ollama\\models\\x: denied', /Users|bob|models/],
    [
      'an IPv4 address',
      'dial tcp 10.1.2.3:11434: connect: connection refused',
      /10\.1\.2\.3|11434/,
    ],
    ['two addresses', 'read tcp 127.0.0.1:5000->127.0.0.1:6000: reset', /127|5000|6000/],
    ['an IPv6 address', 'dial tcp [::1]:11434: connect: connection refused', /::1|11434/],
    ['a full IPv6 address', 'dial tcp [fd00:12::9]:443: i/o timeout', /fd00/],
    [
      'a name that was looked up',
      'dial tcp: lookup gpu-7.internal on 10.0.0.2:53: no such host',
      /gpu-7/,
    ],
    ['a URL', 'Post "http://gpu-7:11434/api/x": EOF', /gpu-7|11434/],
    [
      'a sign-in link',
      'sign in at https://ollama.com/connect?name=gpu-7&key=c3NoLWVk',
      /connect|gpu-7|c3No/,
    ],
  ])('is told without %s', (_, text, secret) => {
    expect(publicText(text)).not.toMatch(secret)
  })

  test.each([
    "model 'llama3' not found",
    'model "hf.co/alice/x:7b" not found, try pulling it first',
    'registry.ollama.ai/library/llama3:latest does not support insert',
    'top_logprobs must be between 0 and 20',
    '"llama3" does not support thinking',
    'option "num_ctx" must be of type integer',
    'model requires more system memory (5.6 GiB) than is available (3.2 GiB)',
    'pull model manifest: file does not exist',
    'either/or, and/or, 1/2',
  ])('is told as it is when it tells nothing about the host: %s', (text) => {
    expect(publicText(text)).toBe(text)
  })

  test('is at most 500 characters long', () => {
    expect(publicText('x'.repeat(10_000))).toHaveLength(500)
  })

  test('is read from a native body and nothing else', () => {
    const cases: readonly [string, string | null][] = [
      ['{"error":"text"}', 'text'],
      ['{"error":"text","signin_url":"https://x"}', 'text'],
      ['{"error":{"message":"text"}}', null],
      ['{"message":"text"}', null],
      ['"text"', null],
      ['null', null],
      ['<html>', null],
      ['', null],
    ]
    for (const [body, text] of cases) expect([body, nativeErrorText(body)]).toEqual([body, text])
  })
})

describe('an answer with an error status', () => {
  const native = '{"error":"no /etc/ollama/x"}'
  test.each<[number, string, string, number, string]>([
    [400, native, 'bad_request', 400, 'no <path>'],
    [404, native, 'not_found', 404, 'no <path>'],
    [409, native, 'bad_request', 409, 'no <path>'],
    [413, native, 'bad_request', 413, 'no <path>'],
    [499, native, 'bad_request', 499, 'no <path>'],
    [500, native, 'upstream_error', 500, 'no <path>'],
    [503, native, 'upstream_busy', 503, 'no <path>'],
    [429, native, 'upstream_busy', 503, 'no <path>'],
    [503, '<html>', 'upstream_busy', 503, 'Ollama is busy; try again'],
    [500, '<html>/etc/x/y</html>', 'upstream_error', 502, 'makes no sense'],
    [302, '', 'upstream_error', 502, 'makes no sense'],
    [
      401,
      '{"error":"x","signin_url":"https://ollama.com/c?key=k"}',
      'upstream_error',
      502,
      'makes no sense',
    ],
    [403, '', 'upstream_error', 502, 'makes no sense'],
  ])('%d %s is %s %d', (status, body, code, ours, text) => {
    const err = upstreamRefusal(status, body)
    expect([err.code, err.status]).toEqual([code as ErrorCode, ours])
    expect(err.message).toContain(text)
    expect(String(err.cause)).toStartWith(`upstream ${status}: ${body.slice(0, 20)}`)
  })

  test('that means busy says when to come back', () => {
    expect(upstreamRefusal(503, '').headers).toEqual({ 'retry-after': '2' })
  })
})

describe('no answer', () => {
  test.each(['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'])(
    'because of %s is an unreachable host: nothing of the request can have arrived',
    (code) => {
      const err = upstreamFailure(failed(code))
      expect([err.code, err.status, err.headers]).toEqual([
        'upstream_unreachable',
        502,
        { 'retry-after': '5' },
      ])
      expect(isUnreachable(failed(code))).toBe(true)
    },
  )

  test('for any other reason is a broken connection: the request may have been acted upon', () => {
    const codes = ['ECONNRESET', 'EBADRESPONSE', 'ECLOSED']
    const causes = [...codes.map(failed), new DOMException('late', 'TimeoutError'), 'text', null]
    for (const cause of causes) {
      const err = upstreamFailure(cause)
      expect([err.code, err.status, err.cause]).toEqual(['upstream_error', 502, cause])
      expect(isUnreachable(cause)).toBe(false)
    }
  })

  test('that was explained already is not explained again', () => {
    const err = new GatewayError('upstream_timeout', 'too slow')
    expect(upstreamFailure(err)).toBe(err)
  })
})
