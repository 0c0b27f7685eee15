import { nearest } from '../domain/nearest.ts'
import { GatewayError } from '../errors/gateway-error.ts'

/** The names, each once. Throws invalid for one that is not among `all`, with the nearest and all of them. */
export function knownNames(
  what: string,
  names: readonly string[],
  all: readonly string[],
): string[] {
  for (const name of names) {
    if (!all.includes(name)) throw new GatewayError('invalid', unknownName(what, name, all))
  }
  return [...new Set(names)]
}

/** What to say about a name that is not among `all`. */
export function unknownName(what: string, name: string, all: readonly string[]): string {
  const guess = nearest(name, all)
  return `there is no ${what} "${name}"${guess ? `, did you mean ${guess}?` : ''} (the ${what}s are ${all.join(', ')})`
}
