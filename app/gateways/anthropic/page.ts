import { badField } from '../../errors/gateway-error.ts'

const MAX_LIMIT = 1000
const DEFAULT_LIMIT = 20

interface Listed {
  readonly id: string
}

/** A part of a list as Anthropic hands it out, with where it begins and ends. */
export interface Page<Item> {
  readonly data: readonly Item[]
  /** Whether there is more in the direction in which the list is read. */
  readonly has_more: boolean
  readonly first_id: string | null
  readonly last_id: string | null
}

/**
 * The part of the list that a query asks for: `limit` of them from its beginning, after `after_id`, or
 * up to `before_id`. Throws bad_request for a query that makes no sense.
 */
export function pageOf<Item extends Listed>(
  items: readonly Item[],
  query: URLSearchParams,
): Page<Item> {
  const limit = limitOf(query.get('limit') ?? String(DEFAULT_LIMIT))
  const before = placeOf(items, query, 'before_id')
  const after = placeOf(items, query, 'after_id')
  if (before !== null && after !== null) {
    throw badField('before_id', "can't be given together with after_id")
  }
  const start = before === null ? (after ?? -1) + 1 : Math.max(0, before - limit)
  const data = items.slice(start, before ?? start + limit)
  return {
    data,
    has_more: before === null ? start + limit < items.length : start > 0,
    first_id: data.at(0)?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  }
}

function limitOf(text: string): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (limit >= 1 && limit <= MAX_LIMIT) return limit
  throw badField('limit', `must be a whole number from 1 to ${MAX_LIMIT}`)
}

function placeOf(items: readonly Listed[], query: URLSearchParams, name: string): number | null {
  const id = query.get(name)
  if (id === null) return null
  const place = items.findIndex((item) => item.id === id)
  if (place >= 0) return place
  throw badField(name, 'must be the id of something in the list; begin again without it')
}
