import { crc32 } from 'node:zlib'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const PREFIX = 'plk_'
const ID_LENGTH = 10
const SECRET_LENGTH = 43
const CHECKSUM_LENGTH = 6

/** What an API key looks like; published so that secret scanners can find a leaked one. */
export const API_KEY_PATTERN = /^plk_([0-9A-Za-z]{10})([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/

export interface ApiKey {
  /** Public part: names the key in lists and logs. */
  readonly id: string
  /** The whole key. Shown once, never stored. */
  readonly text: string
}

/**
 * Mints a key: `plk_`, a 10-character public id, a 43-character secret (256 bits) and a checksum.
 * `random` must return that many bytes from a cryptographically secure source.
 */
export function mintApiKey(random: (bytes: number) => Uint8Array): ApiKey {
  const id = randomBase62(ID_LENGTH, random)
  const body = PREFIX + id + randomBase62(SECRET_LENGTH, random)
  return { id, text: body + checksum(body) }
}

/** The id of a well-formed key, or null: junk is told from a key without asking the database. */
export function apiKeyId(text: string): string | null {
  const match = API_KEY_PATTERN.exec(text)
  if (!match?.[1]) return null
  return text.endsWith(checksum(text.slice(0, -CHECKSUM_LENGTH))) ? match[1] : null
}

function randomBase62(length: number, random: (bytes: number) => Uint8Array): string {
  let text = ''
  while (text.length < length) {
    for (const byte of random(length)) {
      // 248 is the largest multiple of 62 below 256: taking more would favour the first letters.
      if (byte < 248 && text.length < length) text += ALPHABET[byte % 62]
    }
  }
  return text
}

function checksum(text: string): string {
  let rest = crc32(text)
  let digits = ''
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    digits = ALPHABET[rest % 62] + digits
    rest = Math.floor(rest / 62)
  }
  return digits
}
