import { nearest } from '../app/domain/nearest.ts'
import type { ArgSpec, ArgSpecs } from './command.ts'
import { UsageError } from './errors.ts'
import { createFlags, type Flag, isFlag, parseFlag, unknownFlag } from './flags.ts'
import { visible } from './terminal-text.ts'

/** Values by camel-case name. */
export type Values = Readonly<Record<string, unknown>>

type Given = Map<string, boolean | string[]>

/**
 * Reads a command's arguments, and accepts nothing that is not defined: each flag at most once
 * (unless it is `multiple`), each with its value, no positional too many or too few. `--flag=value`,
 * `--flag value` and `--no-flag` are understood; `--` ends the flags. A value that starts with a
 * dash needs the form with `=`.
 * @throws UsageError naming the argument, and the nearest right one where there is one.
 */
export function parseStrict(specs: ArgSpecs, tokens: readonly string[]): Values {
  const given: Given = new Map()
  const positionals = takeFlags(specs, tokens, given)
  takePositionals(specs, positionals, given)
  const missing = Object.entries(specs).filter(([key, spec]) => isRequired(spec) && !given.has(key))
  if (missing.length > 0) {
    throw new UsageError(`missing ${missing.map(([key, spec]) => labelOf(key, spec)).join(', ')}`)
  }
  return Object.fromEntries(
    Object.entries(specs).map(([key, spec]) => [
      camelCase(key),
      argValue(key, spec, given.get(key)),
    ]),
  )
}

/** Whether the command line must hold it: positionals by default, flags when they say so. */
export function isRequired(spec: ArgSpec): boolean {
  if (spec.default !== undefined) return false
  return spec.type === 'positional' ? spec.required !== false : spec.required === true
}

/** The argument as a person reads it: `--role` or `<name>`. */
export function labelOf(key: string, spec: ArgSpec): string {
  return spec.type === 'positional' ? `<${key}>` : `--${key}`
}

function takeFlags(specs: ArgSpecs, tokens: readonly string[], given: Given): string[] {
  const flags = createFlags(specs)
  const end = tokens.indexOf('--') === -1 ? tokens.length : tokens.indexOf('--')
  const positionals: string[] = []
  for (let index = 0; index < end; index++) {
    const token = tokens[index] ?? ''
    if (!isFlag(token)) {
      positionals.push(token)
      continue
    }
    const { flag, name, value } = parseFlag(flags, token)
    if (!flag) throw new UsageError(unknownFlag(name, flags))
    if (flag.spec.type === 'boolean') {
      give(given, flag, name, booleanOf(flag, name, value))
      continue
    }
    const next = index + 1 < end ? tokens[index + 1] : undefined
    give(given, flag, name, [value ?? valueAfter(name, next)])
    if (value === undefined) index += 1
  }
  return [...positionals, ...tokens.slice(end + 1)]
}

function valueAfter(name: string, next: string | undefined): string {
  if (next === undefined) throw new UsageError(`${name} needs a value`)
  if (!isFlag(next)) return next
  throw new UsageError(`${name} needs a value`, {
    hint: `A value that starts with a dash is written ${name}=${visible(next)}`,
  })
}

function booleanOf(flag: Flag, name: string, value: string | undefined): boolean {
  if (value === undefined) return !flag.negated
  if (flag.negated || (value !== 'true' && value !== 'false')) {
    throw new UsageError(`${name} takes no value`)
  }
  return value === 'true'
}

function give(given: Given, flag: Flag, name: string, value: boolean | string[]): void {
  const before = given.get(flag.key)
  if (before === undefined) {
    given.set(flag.key, value)
    return
  }
  if (!flag.spec.multiple || !Array.isArray(before) || !Array.isArray(value)) {
    throw new UsageError(`${name} is given more than once`)
  }
  before.push(...value)
}

function takePositionals(specs: ArgSpecs, values: readonly string[], given: Given): void {
  let rest = values
  for (const [key, spec] of Object.entries(specs)) {
    if (spec.type !== 'positional' || rest.length === 0) continue
    const count = spec.multiple ? rest.length : 1
    given.set(key, rest.slice(0, count))
    rest = rest.slice(count)
  }
  if (rest.length > 0) throw new UsageError(`unexpected argument "${visible(rest[0] ?? '')}"`)
}

function argValue(key: string, spec: ArgSpec, given: boolean | string[] | undefined): unknown {
  if (typeof given === 'boolean' || spec.type === 'boolean') return given ?? spec.default
  const texts = given ?? (typeof spec.default === 'string' ? [spec.default] : [])
  const values = texts.map((text) => read(labelOf(key, spec), spec, text))
  return spec.multiple ? values : values[0]
}

function read(label: string, spec: ArgSpec, text: string): unknown {
  const shown = `not "${visible(text)}"`
  if (spec.options && !spec.options.includes(text)) {
    const meant = nearest(text, spec.options)
    const guess = meant === undefined ? '' : `; did you mean ${meant}?`
    throw new UsageError(`${label} must be one of ${spec.options.join(', ')}, ${shown}${guess}`)
  }
  try {
    return spec.parse ? spec.parse(text) : text
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new UsageError(`${label} ${error.message}, ${shown}`, { cause: error })
  }
}

function camelCase(name: string): string {
  return name.replace(/-(.)/gu, (_dash, letter: string) => letter.toUpperCase())
}
