import { expect } from 'bun:test'
import { testKeyring } from '../../support/builders.ts'
import type { TestDatabase } from '../../support/each-database.ts'

/** What must be found nowhere, each by a name that a failing test can show. */
export interface Secrets {
  /** A secret of any kind; of ours the part that nobody can tell from the public rest as well. */
  add(name: string, text: unknown): string
  /** Fails when one of them, or the secret part of one, is in the text. */
  expectNoneIn(where: string, text: string): void
  readonly size: number
}

/** `plk_`, `pli_`: the id, the secret, the checksum; of a refresh token the generation as well. */
const OURS = /^pl[a-z]_(?:\w{10}|(?<=plr_)\w{16})(\w{43})\w{6}$/
/** Shorter parts could be anywhere by chance. */
const MIN_PART = 12

/** An empty collection. */
export function createSecrets(): Secrets {
  const parts = new Map<string, string>()
  return {
    add(name, given) {
      const text = String(given)
      if (text.length < MIN_PART) throw new Error(`${name} is no secret: ${text}`)
      parts.set(name, text)
      const [, ours] = OURS.exec(text) ?? []
      if (ours) parts.set(`${name}: its secret part`, ours)
      const [, , signature] = /^[\w-]+\.([\w-]+)\.([\w-]+)$/.exec(text) ?? []
      if (signature) parts.set(`${name}: its signature`, signature)
      return text
    },
    expectNoneIn(where, text) {
      const found = [...parts].filter(([, part]) => text.includes(part)).map(([name]) => name)
      expect([where, found]).toEqual([where, []])
    },
    get size() {
      return parts.size
    },
  }
}

/** The private halves of all keys that sign access tokens. */
export async function privateKeysOf({ db }: TestDatabase): Promise<string[]> {
  const rows = await db.selectFrom('signing_keys').select(['id', 'sealed_private_jwk']).execute()
  return rows.map(({ id, sealed_private_jwk: sealed }) => {
    const { d } = JSON.parse(testKeyring.open(sealed, `signing-key ${id}`)) as { d: string }
    return d
  })
}
