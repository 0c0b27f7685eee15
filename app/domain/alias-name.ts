import { aliasKey, type ModelAlias } from './model-aliases.ts'
import { parseModelName } from './model-name.ts'

/** Most aliases of one gateway. */
export const MAX_ALIASES = 1000

/** What an alias can be, in words that go on from "must be" or "is". */
export const ALIAS_FORM = '1 to 200 of the characters a-z 0-9 _ . : / @ + - and * for any text'

/** An alias as it is kept, or null for a text that can be none. */
export function parseAlias(text: string): string | null {
  const alias = aliasKey(text)
  return /^[a-z0-9_.:/@+*-]{1,200}$/.test(alias) ? alias : null
}

/** Whether the alias is just another spelling of the model that it would stand for. */
export const isItself = ({ alias, model }: ModelAlias): boolean =>
  parseModelName(alias)?.canonical === model
