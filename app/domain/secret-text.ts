import { crc32 } from 'node:zlib'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const CHECKSUM_LENGTH = 6

/** So many bytes from a cryptographically secure source. */
export type RandomBytes = (bytes: number) => Uint8Array

/** Characters of the public id that every secret text carries. */
export const ID_LENGTH = 10
/** Characters that hold 256 bits. */
export const SECRET_LENGTH = 43

/**
 * What all secrets that we give out look like: a prefix that says what it is, fields of letters and
 * digits, and a checksum, so that junk is told from a secret without asking the database and scanners
 * find a leaked one. Fields are given by their lengths.
 */
export const secretPattern = (prefix: string, ...fields: readonly number[]): RegExp =>
  new RegExp(
    `^${prefix}${[...fields, CHECKSUM_LENGTH].map((n) => `([0-9A-Za-z]{${n}})`).join('')}$`,
  )

/** The text of a secret: what it is made of, with its checksum. */
export const withChecksum = (body: string): string => body + checksum(body)

/** The text with nothing left of the secrets in it but what they are, be they whole or a little short. */
export const withoutSecrets = (text: string): string =>
  text
    .replace(/\b(pl[a-z](?:_|%5f))\w{40,}/gi, '$1…')
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, 'eyJ…')

/** The fields of a text of that pattern, or null when it is none or its checksum is wrong. */
export function fieldsOf(text: string, pattern: RegExp): string[] | null {
  const match = pattern.exec(text)
  if (!match || !text.endsWith(checksum(text.slice(0, -CHECKSUM_LENGTH)))) return null
  return match.slice(1, -1)
}

/** So many random letters and digits. */
export function randomBase62(length: number, random: RandomBytes): string {
  let text = ''
  while (text.length < length) {
    for (const byte of random(length)) {
      // 248 is the largest multiple of 62 below 256: taking more would favour the first letters.
      if (byte < 248 && text.length < length) text += ALPHABET[byte % 62]
    }
  }
  return text
}

/** A number in so many digits of base 62; throws when it does not fit. */
export function toBase62(number: bigint, length: number): string {
  let rest = number
  let digits = ''
  for (let i = 0; i < length; i++) {
    digits = ALPHABET[Number(rest % 62n)] + digits
    rest /= 62n
  }
  if (rest > 0n) throw new RangeError(`${number} does not fit into ${length} digits`)
  return digits
}

/** The number that digits of base 62 stand for. */
export const fromBase62 = (digits: string): number =>
  [...digits].reduce((sum, digit) => sum * 62 + ALPHABET.indexOf(digit), 0)

const checksum = (text: string): string => toBase62(BigInt(crc32(text)), CHECKSUM_LENGTH)
