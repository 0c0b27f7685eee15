import type { ColumnType } from 'kysely'

/** A column that is null unless it is given. */
export type Optional<T> = ColumnType<T | null, T | null | undefined, T | null>

export interface ApiKeysTable {
  /** The public id inside the key. */
  id: string
  user_id: string
  /** HMAC-SHA-256 of the whole key, in hex. */
  digest: string
  last_four: string
  description: string
  created_at: number
  expires_at: number | null
  revoked_at: number | null
  /** The id of the first key of those that were made by rotation, one from another. */
  family_id: string
  /** The key that was made to take its place. */
  replaced_by: Optional<string>
  rotate_every_ms: Optional<number>
  /** How long the key goes on working when it has been replaced. */
  rotation_grace_ms: Optional<number>
  /** When the server makes the next one. */
  rotates_at: Optional<number>
  /** The key itself, encrypted, until its owner has fetched and used it: of one made by the server. */
  sealed_text: Optional<string>
  last_used_at: Optional<number>
  last_used_address: Optional<string>
  last_used_agent: Optional<string>
}

/** What a key is restricted to; without any row of a kind, to what its owner may do. */
export interface ApiKeyScopesTable {
  key_id: string
  /** `gateway`, `model`, `permission` or `address`. */
  kind: string
  value: string
}

/** From where a key has been used. */
export interface ApiKeyAddressesTable {
  key_id: string
  address: string
  first_used_at: number
  last_used_at: number
}

/** A login, and the family of refresh tokens that it began. */
export interface SessionsTable {
  /** The public id inside the refresh tokens. */
  id: string
  user_id: string
  /** Without it the master secret alone makes no token. */
  salt: string
  /** How often the refresh token was rotated: only the token of this generation is live. */
  generation: number
  /** Access tokens of another version are dead. */
  version: number
  created_at: number
  rotated_at: number
  /** When it ends unless the token is rotated before. */
  idle_expires_at: number
  /** When it ends in any case. */
  expires_at: number
  revoked_at: number | null
  revoked_reason: string | null
  address: string | null
  agent: string | null
}

/** The keys that sign access tokens. */
export interface SigningKeysTable {
  /** The `kid` of what it has signed. */
  id: string
  public_jwk: string
  /** Encrypted with a key from the master secret. */
  sealed_private_jwk: string
  created_at: number
  /** Published before, so that every server and reader knows it by then. */
  signs_from: number
}

export interface InvitationsTable {
  id: string
  digest: string
  /** What the one who is invited becomes. */
  role_id: string
  created_by: string
  created_at: number
  expires_at: number
  used_at: number | null
  /** The id of the user who came of it. */
  used_by: string | null
}

/** Answers to requests that made something, for the case that they are sent again. */
export interface IdempotencyKeysTable {
  /** Of the caller and the `Idempotency-Key`. */
  digest: string
  /** Of the request. */
  fingerprint: string
  /** Status and body, encrypted: a body may hold a new key. */
  sealed_answer: string
  created_at: number
}
