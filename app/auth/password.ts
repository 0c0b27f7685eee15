import { randomBytes } from 'node:crypto'
import { createTurns } from './turns.ts'

/** OWASP's argon2id floor is 19 MiB and 2 passes; this is what one login may cost here. */
const ARGON2ID = { algorithm: 'argon2id', memoryCost: 65_536, timeCost: 2 } as const
const PARAMETERS = `$argon2id$v=19$m=${ARGON2ID.memoryCost},t=${ARGON2ID.timeCost},p=1$`
/** Bytes of salt and hash in what `Bun.password` makes. */
const PART_BYTES = 32
const MAX_LENGTH = 256

export interface PasswordNeeds {
  /** Shortest password accepted, in characters. */
  readonly minLength: number
  /** True for a password that many people use; takes it in lower case. */
  readonly isCommon: (password: string) => Promise<boolean>
}

export interface Passwords {
  /** Why this can't be the user's password, as a sentence, or null when it can. */
  problem(password: string, username: string): Promise<string | null>
  /** The argon2id hash, as a PHC string. Throws GatewayError when too many are being computed. */
  hash(password: string): Promise<string>
  /** True when the hash is of this password. */
  verify(password: string, hash: string): Promise<boolean>
  /** True for a hash that was not made as `hash` makes them now. */
  needsRehash(hash: string): boolean
  /** The hash of no password, which takes as long to verify as any: for users who do not exist. */
  readonly decoy: string
}

/** Hashes passwords in turns. */
export function createPasswords({ minLength, isCommon }: PasswordNeeds): Passwords {
  const inTurn = createTurns()
  return {
    async problem(password, username) {
      const length = [...normalise(password)].length
      if (length < minLength) return `the password must have at least ${minLength} characters`
      if (length > MAX_LENGTH) return `the password must have at most ${MAX_LENGTH} characters`
      const lower = normalise(password).toLowerCase()
      if (lower.trim() === '') return 'the password must not be only spaces'
      if (await isCommon(lower)) return 'this password is on every list of common passwords'
      if (isMadeOf(lower, [username.toLowerCase(), 'parallama', 'ollama'])) {
        return 'the password must not be made of the user name or the name of this service'
      }
      return null
    },
    hash: (password) => inTurn(() => Bun.password.hash(normalise(password), ARGON2ID)),
    verify: (password, hash) => inTurn(() => Bun.password.verify(normalise(password), hash)),
    needsRehash: (hash) => !hash.startsWith(PARAMETERS),
    decoy: `${PARAMETERS}${randomPart()}$${randomPart()}`,
  }
}

const randomPart = (): string => randomBytes(PART_BYTES).toString('base64').replaceAll('=', '')

/** The same characters typed on different systems must be the same password (NIST SP 800-63B). */
const normalise = (password: string): string => password.normalize('NFKC')

/** True when nothing but digits and punctuation is left once the given words are taken out. */
function isMadeOf(password: string, words: readonly string[]): boolean {
  let rest = password
  for (const word of words) rest = rest.replaceAll(word, '')
  return rest !== password && !/\p{L}/u.test(rest)
}
