import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { CryptoHasher } from 'bun'
import type { Secret } from '../domain/secret.ts'

const SECRET_BYTES = 32
const MIN_SECRET_LENGTH = 32

const NONCE_BYTES = 12
const TAG_BYTES = 16

/** What is proved by a MAC, each with a key of its own. */
export type MacPurpose = 'refresh-token' | 'invitation' | 'cursor' | 'idempotency' | 'login-name'

/** What the master secret is used for: each purpose gets a key of its own. */
export interface Keyring {
  /** The digest under which an API key is stored and found: HMAC-SHA-256 in hex. */
  digest(apiKey: string): string
  /** HMAC-SHA-256 in hex, with the key of that purpose. */
  mac(purpose: MacPurpose, text: string): string
  /** Encrypts a text (AES-256-GCM) with its place as associated data: it can be opened there alone. */
  seal(text: string, place: string): string
  /** What was sealed for that place. Throws SecretError for anything else. */
  open(sealed: string, place: string): string
}

/** Why the master secret can't be used; the message says what to do. */
export class SecretError extends Error {
  override readonly name = 'SecretError'
}

/** Derives the keys from the master secret with HKDF-SHA-256 (RFC 5869). */
export function openKeyring(masterSecret: string): Keyring {
  const derive = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', masterSecret, '', `parallama ${purpose} v1`, 32))
  const pepper = derive('api-key pepper')
  const sealing = derive('sealing')
  const macKeys = new Map<MacPurpose, Buffer>()
  const macKey = (purpose: MacPurpose): Buffer => {
    const key = macKeys.get(purpose) ?? derive(`${purpose} mac`)
    macKeys.set(purpose, key)
    return key
  }
  return {
    digest: (apiKey) => new CryptoHasher('sha256', pepper).update(apiKey).digest('hex'),
    mac: (purpose, text) => new CryptoHasher('sha256', macKey(purpose)).update(text).digest('hex'),
    seal: (text, place) => seal(sealing, text, place),
    open: (sealed, place) => open(sealing, sealed, place),
  }
}

function seal(key: Buffer, text: string, place: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place))
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')
}

function open(key: Buffer, sealed: string, place: string): string {
  const bytes = Buffer.from(sealed, 'base64url')
  const nonce = bytes.subarray(0, NONCE_BYTES)
  const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES)
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place))
    decipher.setAuthTag(tag)
    const body = bytes.subarray(NONCE_BYTES + TAG_BYTES)
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
  } catch {
    throw new SecretError(
      'what is stored encrypted was encrypted with another master secret: restore the one that belongs to this database',
    )
  }
}

/**
 * The configured secret or the one in the file, which is made (0600) when it does not exist.
 * Throws SecretError when others can read the file, or it is too short to be one of ours.
 */
export function readMasterSecret(configured: Secret | null, file: string): string {
  if (configured) return configured.reveal()
  createOnce(file)
  const mode = statSync(file).mode & 0o777
  if (mode & 0o077) {
    throw new SecretError(
      `other users can read the master secret ${file} (mode ${mode.toString(8)}): run chmod 600 ${file}`,
    )
  }
  const secret = readFileSync(file, 'utf8').trim()
  if (secret.length < MIN_SECRET_LENGTH) {
    throw new SecretError(
      `the master secret ${file} is shorter than ${MIN_SECRET_LENGTH} characters: restore it from a backup; keys made with another secret do not work`,
    )
  }
  return secret
}

/** Linking a finished file into place is atomic: two processes that start together agree on one. */
function createOnce(file: string): void {
  if (exists(file)) return
  const draft = `${file}.${randomBytes(6).toString('hex')}.tmp`
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(draft, `${randomBytes(SECRET_BYTES).toString('base64url')}\n`, { mode: 0o600 })
    chmodSync(draft, 0o600)
    linkSync(draft, file)
  } catch (err) {
    if (exists(file)) return
    const why = err instanceof Error && 'code' in err ? String(err.code) : String(err)
    throw new SecretError(
      `the master secret ${file} can't be made (${why}): check the folder's owner, mode and free space`,
      { cause: err },
    )
  } finally {
    rmSync(draft, { force: true })
  }
}

const exists = (file: string): boolean => statSync(file, { throwIfNoEntry: false }) !== undefined
