import { z } from 'zod'
import type { Keyring } from '../auth/secrets.ts'
import { badCursor } from '../services/page.ts'
import { integerInput } from './wire.ts'

const DEFAULT_LIMIT = 50
const MAX_LIMIT = 200
const MAC_LENGTH = 22

/** What every list takes in its query. */
export const pageQuery = {
  limit: integerInput(1, MAX_LIMIT)
    .optional()
    .meta({ description: `How many to list at most; ${DEFAULT_LIMIT} by default` }),
  cursor: z
    .string()
    .max(1000)
    .optional()
    .meta({ description: 'The `next_cursor` of the page before' }),
}

/** A page as services are asked for it. */
export interface PageRequest {
  /** The key of the last row of the page before; null for the first page. */
  readonly after: string | null
  readonly limit: number
}

/** A page as it is sent. */
export const pageSchema = <Item extends z.ZodType>(item: Item) =>
  z.object({
    data: z.array(item),
    next_cursor: z.string().nullable().meta({ description: 'For the next page; null on the last' }),
  })

/** What the schema of `pageQuery` gives. */
export interface PageQuery {
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
}

/**
 * Cursors are signed and good for one list of one caller with one filter: nobody can make one up, and
 * none leads into what another may see.
 */
export function createCursors({ mac }: Pick<Keyring, 'mac'>) {
  const sign = (scope: string, key: string): string =>
    mac('cursor', `${scope}\n${key}`).slice(0, MAC_LENGTH)

  return {
    /** What a query asks for; `scope` names list, caller and filter. Throws invalid. */
    read(scope: string, { limit = DEFAULT_LIMIT, cursor }: PageQuery): PageRequest {
      if (cursor === undefined) return { after: null, limit }
      const bytes = Buffer.from(cursor, 'base64url')
      const text = bytes.toString('utf8')
      const after = text.slice(MAC_LENGTH)
      if (bytes.toString('base64url') !== cursor || text !== sign(scope, after) + after) {
        throw badCursor()
      }
      return { after, limit }
    },

    /** The cursor of the next page, or null. */
    next: (scope: string, key: string | null): string | null =>
      key === null ? null : Buffer.from(sign(scope, key) + key).toString('base64url'),
  }
}

export type Cursors = ReturnType<typeof createCursors>
