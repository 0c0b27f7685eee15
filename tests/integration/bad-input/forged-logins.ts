import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto'
import {
  CompactEncrypt,
  exportJWK,
  exportSPKI,
  FlattenedSign,
  GeneralSign,
  generateKeyPair,
  importJWK,
  SignJWT,
  UnsecuredJWT,
} from 'jose'

/** The key with which the server signs, and a session that is alive. */
export interface Genuine {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly userId: string
  readonly sessionId: string
  readonly version: number
}

const LIFETIME_S = 600

/** Makes tokens for a server and its session, in which one thing is wrong. */
export function createForger(genuine: Genuine) {
  const { kid, privateKey, publicKey } = genuine
  const now = Math.floor(Date.now() / 1000)
  const header = { alg: 'EdDSA', kid, typ: 'at+jwt' }
  const payload = {
    iss: 'parallama',
    aud: 'parallama',
    sub: genuine.userId,
    jti: randomUUID(),
    client_id: 'parallama',
    sid: genuine.sessionId,
    ver: genuine.version,
    iat: now,
    exp: now + LIFETIME_S,
  }

  /** Without the library, which refuses to write some of what must be refused. */
  const signed = async (head: object = {}, claims: object | string = {}): Promise<string> => {
    const text = typeof claims === 'string' ? claims : JSON.stringify({ ...payload, ...claims })
    const input = `${encode(JSON.stringify({ ...header, ...head }))}.${encode(text)}`
    const signature = await crypto.subtle.sign('Ed25519', privateKey, Buffer.from(input))
    return `${input}.${Buffer.from(signature).toString('base64url')}`
  }
  const unsigned = (alg: string): string =>
    `${encode(JSON.stringify({ ...header, alg }))}.${encode(JSON.stringify(payload))}.`
  const macked = (secret: string | Uint8Array): string => {
    const input = `${encode(JSON.stringify({ ...header, alg: 'HS256' }))}.${encode(JSON.stringify(payload))}`
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
  }
  const byAnother = async (alg: string, head: object = {}): Promise<string> => {
    const pair = await generateKeyPair(alg)
    const jwt = new SignJWT(payload).setProtectedHeader({ ...header, alg, ...head })
    return await jwt.sign(pair.privateKey)
  }
  const without = (claim: string) => signed({}, { [claim]: undefined })
  const plain = Buffer.from(JSON.stringify(payload))

  async function encrypted(): Promise<string> {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const jwk = rsa.publicKey.export({ format: 'jwk' })
    return await new CompactEncrypt(Buffer.from(await signed()))
      .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' })
      .encrypt(await importJWK(jwk, 'RSA-OAEP-256'))
  }

  const forgeries: readonly (readonly [string, () => string | Promise<string>])[] = [
    ['alg none, as a library writes it', () => new UnsecuredJWT(payload).encode()],
    ['alg none', () => unsigned('none')],
    ['alg None', () => unsigned('None')],
    ['alg nOnE', () => unsigned('nOnE')],
    [
      'alg none and a good signature',
      async () => unsigned('none') + (await signed()).split('.')[2],
    ],
    ['HS256 with our public key as PEM', async () => macked(await exportSPKI(publicKey))],
    ['HS256 with our public key as bytes', async () => macked(await publicBytes())],
    [
      'HS256 with our published JWK',
      async () => macked(JSON.stringify(await exportJWK(publicKey))),
    ],
    ['HS256 with nothing', () => macked('')],
    ['a key of another curve', () => byAnother('ES256')],
    ['an RSA key', () => byAnother('RS256')],
    ['another key under our name', () => byAnother('EdDSA')],
    ['another key that it brings along', async () => byAnother('EdDSA', { jwk: await someJwk() })],
    ['a kid that is not known', () => signed({ kid: 'unknown' })],
    ['no kid', () => signed({ kid: undefined })],
    ['a kid that is no text', () => signed({ kid: [kid] })],
    ['a path as kid', () => signed({ kid: '../../../../dev/null' })],
    ['SQL as kid', () => signed({ kid: `${kid}' or '1'='1` })],
    ['a jku', () => signed({ jku: 'https://attacker.example/jwks' })],
    ['an x5u', () => signed({ x5u: 'https://attacker.example/cert' })],
    ['a jwk beside a good signature', async () => signed({ jwk: await someJwk() })],
    ['crit', () => signed({ crit: ['exp'] })],
    ['b64 false', () => signed({ b64: false, crit: ['b64'] })],
    ['no exp', () => without('exp')],
    ['exp as text', () => signed({}, { exp: String(now + 60) })],
    ['exp NaN', () => signed({}, JSON.stringify(payload).replace(/"exp":\d+/, '"exp":NaN'))],
    ['exp with a fraction', () => signed({}, { exp: now + 60.5 })],
    ['exp in 30000 years', () => signed({}, { exp: 1e12 })],
    ['exp twice', () => signed({}, `${JSON.stringify(payload).slice(0, -1)},"exp":${1e12}}`)],
    ['exp a minute ago', () => signed({}, { exp: now - 60, iat: now - 120 })],
    ['nbf in the future', () => signed({}, { nbf: now + 60 })],
    ['iat in the future', () => signed({}, { iat: now + 60 })],
    ['iat long ago', () => signed({}, { iat: now - 2 * LIFETIME_S })],
    ['another issuer', () => signed({}, { iss: 'https://parallama' })],
    ['another audience', () => signed({}, { aud: ['ollama'] })],
    ['typ JWT, as an ID token has it', () => signed({ typ: 'JWT' })],
    ['typ of a refresh token', () => signed({ typ: 'rt+jwt' })],
    ['no typ', () => signed({ typ: undefined })],
    ['no session', () => without('sid')],
    ['a session that does not exist', () => signed({}, { sid: 'Session001' })],
    ['SQL as session', () => signed({}, { sid: "' or 1=1 --" })],
    ['an older version', () => signed({}, { ver: genuine.version - 1 })],
    ['a version to come', () => signed({}, { ver: genuine.version + 1 })],
    ['no subject', () => without('sub')],
    ['the JSON form', async () => JSON.stringify(await flattened())],
    ['the JSON form with two signatures', async () => JSON.stringify(await twice())],
    ['two parts', async () => (await signed()).split('.').slice(0, 2).join('.')],
    ['four parts', async () => `${await signed()}.${encode('x')}`],
    ['letters after it', async () => `${await signed()}AA`],
    ['padding', async () => `${await signed()}==`],
    ['a signature that is not canonical', async () => nonCanonical(await signed())],
    ['a payload that is no JSON', () => signed({}, '{')],
    ['encryption', encrypted],
    ['8 KB', () => signed({}, { more: 'x'.repeat(6000) })],
  ]
  return { signed, forgeries }

  async function publicBytes(): Promise<Uint8Array> {
    return new Uint8Array(await crypto.subtle.exportKey('raw', publicKey))
  }
  async function someJwk() {
    return await exportJWK((await generateKeyPair('EdDSA', { extractable: true })).publicKey)
  }
  function flattened() {
    return new FlattenedSign(plain).setProtectedHeader(header).sign(privateKey)
  }
  function twice() {
    const sign = new GeneralSign(plain)
    sign.addSignature(privateKey).setProtectedHeader(header)
    sign.addSignature(privateKey).setProtectedHeader(header)
    return sign.sign()
  }
}

const encode = (text: string): string => Buffer.from(text).toString('base64url')

/** The same bytes in other characters: 64 bytes leave 4 bits of the last one unused. */
function nonCanonical(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return `${token.slice(0, -1)}${alphabet[alphabet.indexOf(token.at(-1) ?? '') | 1]}`
}
