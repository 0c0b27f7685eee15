import { describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { readCredential, unauthorized } from '../../../app/auth/credential.ts'
import { mintApiKey } from '../../../app/domain/api-key.ts'
import { GatewayError } from '../../../app/errors/gateway-error.ts'

const KEY = mintApiKey(randomBytes).text
const OTHER = mintApiKey(randomBytes).text

type Sent = Record<string, string>

const INVALID = 'Bearer realm="parallama", error="invalid_token"'
const TWO = 'Bearer realm="parallama", error="invalid_request"'

/** The credential that is found, or the refusal. */
function read(sent: Sent, fromPath: string | null = null) {
  try {
    return { credential: readCredential(new Headers(sent), fromPath) }
  } catch (err) {
    if (!(err instanceof GatewayError)) throw err
    return { status: err.status, challenge: err.headers['www-authenticate'], text: err.message }
  }
}

describe('a credential is found', () => {
  test.each<[string, Sent]>([
    ['in Authorization', { authorization: `Bearer ${KEY}` }],
    ['with the scheme in lower case', { authorization: `bearer ${KEY}` }],
    ['with the scheme in upper case', { authorization: `BEARER ${KEY}` }],
    ['behind several spaces', { authorization: `Bearer   ${KEY}  ` }],
    ['in x-api-key', { 'x-api-key': KEY }],
    ['in api-key', { 'api-key': KEY }],
    ['in any case of the name', { 'X-API-Key': KEY }],
    ['in two places, if it is the same', { authorization: `Bearer ${KEY}`, 'x-api-key': KEY }],
    ['in all of them', { authorization: `Bearer ${KEY}`, 'x-api-key': KEY, 'api-key': KEY }],
  ])('%s', (_, sent) => {
    expect(read(sent)).toEqual({ credential: KEY })
    expect(read(sent, KEY)).toEqual({ credential: KEY })
  })

  test('in the path, where that is switched on', () => {
    expect(read({}, KEY)).toEqual({ credential: KEY })
  })
})

test.each<[string, Sent]>([
  ['no header at all', {}],
  ['a cookie', { cookie: `key=${KEY}; authorization=Bearer ${KEY}` }],
  ['headers that others use', { 'x-auth-token': KEY, 'proxy-authorization': `Bearer ${KEY}` }],
  ['the name of a user', { 'x-user-id': 'admin', 'x-forwarded-user': 'admin' }],
])('no credential is found in %s', (_, sent) => {
  expect(read(sent)).toEqual({ credential: null })
})

describe('an Authorization header that holds no bearer token is refused with 401', () => {
  test.each([
    '',
    ' ',
    'Bearer',
    'Bearer ',
    `Basic ${btoa(`alice:${KEY}`)}`,
    `Digest ${KEY}`,
    KEY,
    `Token ${KEY}`,
    `Bearer: ${KEY}`,
    `Bearer\t${KEY}`,
    `Bearer${KEY}`,
    `Bearer ${KEY} ${OTHER}`,
    `Bearer ${KEY}, Bearer ${OTHER}`,
    `Bearer ${KEY}, Bearer ${KEY}`,
    `Bearer ${KEY},`,
  ])('%j', (authorization) => {
    const refusal = read({ authorization })
    expect(refusal).toMatchObject({ status: 401, challenge: INVALID })
  })

  test('also when a header that arrived twice was joined', () => {
    const headers = new Headers()
    headers.append('authorization', `Bearer ${KEY}`)
    headers.append('authorization', `Bearer ${OTHER}`)
    expect(() => readCredential(headers, null)).toThrow('unauthorized')
  })
})

describe('two different credentials are refused with 400', () => {
  test.each<[string, Sent, string | null]>([
    ['Authorization and x-api-key', { authorization: `Bearer ${KEY}`, 'x-api-key': OTHER }, null],
    ['Authorization and api-key', { authorization: `Bearer ${KEY}`, 'api-key': OTHER }, null],
    ['the two key headers', { 'x-api-key': KEY, 'api-key': OTHER }, null],
    ['Authorization and the path', { authorization: `Bearer ${KEY}` }, OTHER],
    ['a key header and the path', { 'x-api-key': OTHER }, KEY],
    [
      'a key and the same in another case',
      { 'x-api-key': KEY, 'api-key': KEY.toUpperCase() },
      null,
    ],
  ])('%s', (_, sent, fromPath) => {
    expect(read(sent, fromPath)).toMatchObject({ status: 400, challenge: TWO })
  })
})

test('what cannot be a key is handed on as it is, however long, for the checksum to refuse', () => {
  const long = 'x'.repeat(8192)
  expect(read({ authorization: `Bearer ${long}` })).toEqual({ credential: long })
  expect(read({ 'x-api-key': 'ÿþ' })).toEqual({ credential: 'ÿþ' })
  expect(read({ 'x-api-key': '' })).toEqual({ credential: '' })
})

test('no refusal repeats the credential', () => {
  const refusals = [
    read({ authorization: `Basic ${KEY}` }),
    read({ authorization: `Bearer ${KEY}`, 'x-api-key': OTHER }),
  ]
  for (const refusal of refusals) {
    expect(JSON.stringify(refusal)).not.toContain(KEY)
    expect(JSON.stringify(refusal)).not.toContain(OTHER)
  }
})

test('every 401 says how to log in', () => {
  const err = unauthorized('Bearer realm="parallama"')
  expect([err.status, err.code, err.headers['www-authenticate']]).toEqual([
    401,
    'unauthorized',
    'Bearer realm="parallama"',
  ])
})
