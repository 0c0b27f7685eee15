import {
  fieldsOf,
  ID_LENGTH,
  type RandomBytes,
  randomBase62,
  SECRET_LENGTH,
  secretPattern,
  withChecksum,
} from './secret-text.ts'

/** What an API key looks like; published so that secret scanners can find a leaked one. */
export const API_KEY_PATTERN = secretPattern('plk_', ID_LENGTH, SECRET_LENGTH)

export interface ApiKey {
  /** Public part: names the key in lists and logs. */
  readonly id: string
  /** The whole key. Shown once, never stored. */
  readonly text: string
}

/** Mints a key: `plk_`, a 10-character public id, a 43-character secret (256 bits) and a checksum. */
export function mintApiKey(random: RandomBytes): ApiKey {
  const id = randomBase62(ID_LENGTH, random)
  return { id, text: withChecksum(`plk_${id}${randomBase62(SECRET_LENGTH, random)}`) }
}

/** The id of a well-formed key, or null: junk is told from a key without asking the database. */
export const apiKeyId = (text: string): string | null =>
  fieldsOf(text, API_KEY_PATTERN)?.[0] ?? null
