import { hkdfSync, randomBytes } from 'node:crypto'
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

/** What the master secret is used for: each purpose gets a key of its own. */
export interface Keyring {
  /** The digest under which an API key is stored and found: HMAC-SHA-256 in hex. */
  digest(apiKey: string): string
}

/** Why the master secret can't be used; the message says what to do. */
export class SecretError extends Error {
  override readonly name = 'SecretError'
}

/** Derives the keys from the master secret with HKDF-SHA-256 (RFC 5869). */
export function openKeyring(masterSecret: string): Keyring {
  const pepper = Buffer.from(
    hkdfSync('sha256', masterSecret, '', 'parallama api-key pepper v1', 32),
  )
  return { digest: (apiKey) => new CryptoHasher('sha256', pepper).update(apiKey).digest('hex') }
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
