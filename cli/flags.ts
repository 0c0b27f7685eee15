import { nearest } from '../app/domain/nearest.ts'
import type { ArgSpec, ArgSpecs } from './command.ts'
import { visible } from './terminal-text.ts'

/** A flag as it may be typed: its definition, and whether this spelling means "no". */
export type Flag = { readonly key: string; readonly spec: ArgSpec; readonly negated: boolean }

/** Each accepted spelling (`--role`, `-r`, `--no-migrate`) and the flag it stands for. */
export type Flags = ReadonlyMap<string, Flag>

/**
 * All spellings of a command's flags.
 * @throws Error when two flags share one: a mistake in the program, not on the command line.
 */
export function createFlags(specs: ArgSpecs): Flags {
  const flags = new Map<string, Flag>()
  for (const [key, spec] of Object.entries(specs)) {
    if (spec.type === 'positional') continue
    for (const name of [key, ...aliasesOf(spec)]) {
      const spelling = spell(name)
      if (flags.has(spelling)) throw new Error(`two flags are called ${spelling}`)
      flags.set(spelling, { key, spec, negated: false })
    }
  }
  for (const [key, spec] of Object.entries(specs)) {
    const negative = `--no-${key}`
    if (spec.type !== 'boolean' || key.startsWith('no-') || flags.has(negative)) continue
    flags.set(negative, { key, spec, negated: true })
  }
  return flags
}

/** `-x` for a single letter, `--name` otherwise. */
export function spell(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`
}

/** The other names of a flag. */
export function aliasesOf(spec: ArgSpec): readonly string[] {
  const alias = 'alias' in spec ? (spec.alias ?? []) : []
  return typeof alias === 'string' ? [alias] : alias
}

/** Whether the token is a flag: not a bare `-` or `--`, and not a negative number. */
export function isFlag(token: string): boolean {
  return /^-(?!\d|-?$)/u.test(token)
}

/** Takes `--name=value` apart and looks the name up. */
export function parseFlag(flags: Flags, token: string) {
  const equals = token.indexOf('=')
  const name = equals === -1 ? token : token.slice(0, equals)
  const value = equals === -1 ? undefined : token.slice(equals + 1)
  return { flag: flags.get(name), name, value }
}

/** What to say about a flag that does not exist; names the nearest that does. */
export function unknownFlag(name: string, flags: Flags): string {
  const longNames = [...flags.keys()].filter((each) => each.startsWith('--'))
  const meant = nearest(
    name.replace(/^-+/u, ''),
    longNames.map((each) => each.slice(2)),
  )
  const guess = meant === undefined ? '' : `; did you mean --${meant}?`
  return `unknown flag ${visible(name)}${guess}`
}
