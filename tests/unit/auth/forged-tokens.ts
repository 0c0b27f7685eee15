import { expect } from 'bun:test'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import {
  CompactEncrypt,
  errors,
  exportSPKI,
  FlattenedSign,
  GeneralSign,
  generateKeyPair,
  importJWK,
  SignJWT,
  UnsecuredJWT,
} from 'jose'
import { createAccessTokens } from '../../../app/auth/access-token.ts'
import type { SigningKeys } from '../../../app/auth/signing-keys.ts'
import { createClock } from '../support/clock.ts'

export const NOW_S = 1_800_000_000
export const LIFETIME_S = 600
const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true })
const clock = createClock(NOW_S * 1000)
/** One pair of keys that is always there. */
export const keys: SigningKeys = {
  current: async () => ({ id: 'key-1', privateKey }),
  has: async (id) => id === 'key-1',
  async find(id) {
    if (id !== 'key-1') throw new errors.JWKSNoMatchingKey()
    return publicKey
  },
  published: async () => ({ keys: [] }),
  forget: () => {},
}
export const needs = {
  keys,
  clock,
  newId: () => 'token-1',
  issuer: 'parallama',
  lifetimeS: LIFETIME_S,
}
export const tokens = createAccessTokens(needs)

const bearer = { userId: 'user-1', sessionId: 'Session001', version: 3 }
/** A token as the server issues it. */
export const good = await tokens.issue(bearer)
export const HEADER = { alg: 'EdDSA', kid: 'key-1', typ: 'at+jwt' }
export const PAYLOAD = {
  iss: 'parallama',
  aud: 'parallama',
  sub: 'user-1',
  jti: 'token-1',
  client_id: 'parallama',
  sid: 'Session001',
  ver: 3,
  iat: NOW_S,
  exp: NOW_S + LIFETIME_S,
}

/** A token signed with our own key, so that nothing is wrong with it but what the test makes wrong. */
export const signed = (header: object = {}, payload: object = {}): Promise<string> =>
  new SignJWT({ ...PAYLOAD, ...payload })
    .setProtectedHeader({ ...HEADER, ...header })
    .sign(privateKey)

/** The same without the library, which refuses to write some of what must be refused. */
export async function handSigned(header: object, payload: object | string): Promise<string> {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const input = `${encode(JSON.stringify(header))}.${encode(text)}`
  const signature = await crypto.subtle.sign('Ed25519', privateKey, Buffer.from(input))
  return `${input}.${Buffer.from(signature).toString('base64url')}`
}

const encode = (text: string): string => Buffer.from(text).toString('base64url')
const [head = '', body = '', signature = ''] = good.split('.')

const hmacSigned = async (): Promise<string> => {
  const input = `${encode(JSON.stringify({ ...HEADER, alg: 'HS256' }))}.${body}`
  const secret = await exportSPKI(publicKey)
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

const unsigned = (alg: string): string => `${encode(JSON.stringify({ ...HEADER, alg }))}.${body}.`

async function ofAnotherCurve(): Promise<string> {
  const p256 = await generateKeyPair('ES256')
  return await new SignJWT(PAYLOAD)
    .setProtectedHeader({ ...HEADER, alg: 'ES256' })
    .sign(p256.privateKey)
}

async function ofAnotherKey(header: object = {}): Promise<string> {
  const other = await generateKeyPair('EdDSA')
  return await new SignJWT(PAYLOAD)
    .setProtectedHeader({ ...HEADER, ...header })
    .sign(other.privateKey)
}

async function encrypted(): Promise<string> {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = rsa.publicKey.export({ format: 'jwk' })
  return await new CompactEncrypt(Buffer.from(good))
    .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' })
    .encrypt(await importJWK(jwk, 'RSA-OAEP-256'))
}

const withoutClaim = (name: string): Promise<string> =>
  signed({}, Object.fromEntries([[name, undefined]]))

const plain = () => new FlattenedSign(Buffer.from(JSON.stringify(PAYLOAD)))
const jwkOfAttacker = { kty: 'OKP', crv: 'Ed25519', x: encode('x'.repeat(32)) }

/** What must be refused, by what is wrong with it. */
export const BAD: readonly (readonly [string, () => string | Promise<string>])[] = [
  ['alg none, as the library writes it', () => new UnsecuredJWT(PAYLOAD).encode()],
  ['alg none with our header', () => unsigned('none')],
  ['alg None', () => unsigned('None')],
  ['alg nOnE', () => unsigned('nOnE')],
  ['alg none and our signature', () => `${unsigned('none')}${signature}`],
  ['HS256 with our public key as the secret', hmacSigned],
  ['a key of another curve', ofAnotherCurve],
  ['another key under our name', () => ofAnotherKey()],
  ['another key and its jwk in the header', () => ofAnotherKey({ jwk: jwkOfAttacker })],
  [
    'alg Ed25519, which is another name for ours',
    () => handSigned({ ...HEADER, alg: 'Ed25519' }, PAYLOAD),
  ],
  ['an unknown kid', () => signed({ kid: 'key-2' })],
  ['no kid', () => handSigned({ alg: 'EdDSA', typ: 'at+jwt' }, PAYLOAD)],
  ['a path as kid', () => signed({ kid: '../../../../dev/null' })],
  ['SQL as kid', () => signed({ kid: "' union select 'x' --" })],
  ['a jku', () => signed({ jku: 'https://attacker.example/jwks' })],
  ['an x5u', () => signed({ x5u: 'https://attacker.example/cert' })],
  ['a jwk beside our own signature', () => signed({ jwk: jwkOfAttacker })],
  ['crit', () => handSigned({ ...HEADER, crit: ['exp'], exp: 1 }, PAYLOAD)],
  ['an empty crit', () => handSigned({ ...HEADER, crit: [] }, PAYLOAD)],
  ['b64 false', () => handSigned({ ...HEADER, b64: false, crit: ['b64'] }, PAYLOAD)],
  ['no exp', () => withoutClaim('exp')],
  ['exp as text', () => signed({}, { exp: String(NOW_S + 60) })],
  ['exp NaN', () => handSigned(HEADER, JSON.stringify(PAYLOAD).replace(/"exp":\d+/, '"exp":NaN'))],
  ['exp null', () => handSigned(HEADER, { ...PAYLOAD, exp: null })],
  ['exp with a fraction', () => signed({}, { exp: NOW_S + 60.5 })],
  ['exp in the past by more than the leeway', () => signed({}, { exp: NOW_S - 31 })],
  ['nbf in the future', () => signed({}, { nbf: NOW_S + 31 })],
  ['iat in the future', () => signed({}, { iat: NOW_S + 31 })],
  ['iat older than a token gets', () => signed({}, { iat: NOW_S - LIFETIME_S - 31 })],
  ['exp long after any token of ours', () => signed({}, { exp: 1e12 })],
  ['exp a second after any token of ours', () => signed({}, { exp: NOW_S + LIFETIME_S + 1 })],
  ['no iat', () => withoutClaim('iat')],
  ['another issuer', () => signed({}, { iss: 'somebody else' })],
  ['no issuer', () => withoutClaim('iss')],
  ['another audience', () => signed({}, { aud: 'somebody else' })],
  ['no typ', () => handSigned({ alg: 'EdDSA', kid: 'key-1' }, PAYLOAD)],
  ['typ JWT, as an ID token has it', () => signed({ typ: 'JWT' })],
  ['no sub', () => withoutClaim('sub')],
  ['no jti', () => withoutClaim('jti')],
  ['no session', () => withoutClaim('sid')],
  ['a session that is no text', () => signed({}, { sid: ['Session001'] })],
  ['no version', () => withoutClaim('ver')],
  ['a version that is no number', () => signed({}, { ver: '3' })],
  ['a payload that is no JSON', () => handSigned(HEADER, '{')],
  [
    'the JSON form with one signature',
    async () => JSON.stringify(await plain().setProtectedHeader(HEADER).sign(privateKey)),
  ],
  [
    'the JSON form with two',
    async () =>
      JSON.stringify(
        await new GeneralSign(Buffer.from(JSON.stringify(PAYLOAD)))
          .addSignature(privateKey)
          .setProtectedHeader(HEADER)
          .addSignature(privateKey)
          .setProtectedHeader(HEADER)
          .sign(),
      ),
  ],
  ['four parts', () => `${good}.${signature}`],
  ['an empty signature', () => `${head}.${body}.`],
  ['bytes after it', () => `${good}AA`],
  ['a line break after it', () => `${good}\n`],
  ['padding', () => `${good}==`],
  ['base64 instead of base64url', () => `${head}.${body}.${signature.slice(0, -2)}+/`],
  ['bits beyond the last byte', () => `${head}.${body}.${nonCanonical(signature)}`],
  [
    'a changed payload',
    () => `${head}.${encode(JSON.stringify({ ...PAYLOAD, ver: 4 }))}.${signature}`,
  ],
  ['encrypted', encrypted],
  ['100 KB', () => signed({}, { more: 'x'.repeat(100_000) })],
  ['nothing', () => ''],
]

/** The same bytes in other characters: 64 bytes leave 4 bits of the last one unused. */
function nonCanonical(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(text.at(-1) ?? '')
  const other = `${text.slice(0, -1)}${alphabet[last | 1]}`
  expect(Buffer.from(other, 'base64url')).toEqual(Buffer.from(text, 'base64url'))
  expect(other).not.toBe(text)
  return other
}
