import { type BareItem, isInnerList, parseList } from 'structured-headers'

type Headers = Readonly<Record<string, string>>

/** A member of a list with its parameters. */
export type Item = readonly [name: BareItem, parameters: Readonly<Record<string, BareItem>>]

/** A header as its readers get it: a list of items, none of which is a list itself. */
export const itemsOf = (headers: Headers, name: string): Item[] =>
  parseList(headers[name] ?? '').map((member) => {
    if (isInnerList(member)) throw new Error(`${name} has a list within the list`)
    return [member[0], Object.fromEntries(member[1])]
  })
