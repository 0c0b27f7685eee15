import { closest, distance } from 'fastest-levenshtein'

const NEAR = 3

export interface VariableNames {
  /** How each of ours begins. */
  readonly prefix: string
  readonly known: readonly string[]
  /** Of these, the ones that hold several settings at once. */
  readonly nested: readonly string[]
}

/**
 * A sentence for each variable that is none of ours and was most likely meant to be. Others pass: container
 * platforms add variables of their own that begin with our name.
 */
export function mistakenVariables(
  names: readonly string[],
  { prefix, known, nested }: VariableNames,
): string[] {
  return names.flatMap((name) => {
    if (!name.startsWith(prefix) || known.includes(name)) return []
    const whole = nested.find((variable) => name.startsWith(`${variable}_`))
    if (whole)
      return [`${name}: unknown environment variable; ${whole} has all of it, as YAML in one line`]
    const near = closest(name, known)
    if (distance(name, near) > NEAR) return []
    return [`${name}: unknown environment variable; did you mean ${near}?`]
  })
}
