import type { CommandDef, CommandMeta } from 'citty'
import { nearest } from '../app/domain/nearest.ts'
import { UsageError } from './errors.ts'
import { createFlags, isFlag, parseFlag, unknownFlag } from './flags.ts'
import { sharedArgs } from './shared-args.ts'
import { visible } from './terminal-text.ts'

/** Where a command line leads. */
export type Resolved = {
  /** The names from the program's own down to the command's. */
  readonly path: readonly string[]
  readonly command: CommandDef
  /** What is left for the command; shared flags given before its name are moved here. */
  readonly rest: readonly string[]
}

type Resolvable<T> = T | Promise<T> | (() => T) | (() => Promise<T>)

/** The value itself, however lazily it was given. */
export async function resolveValue<T>(value: Resolvable<T>): Promise<T> {
  return typeof value === 'function' ? await (value as () => T | Promise<T>)() : await value
}

/** The command's meta with its name: the one it gives itself, else `fallback`. */
export async function metaOf(command: CommandDef, fallback: string) {
  const meta: CommandMeta = (await resolveValue(command.meta)) ?? {}
  return { ...meta, name: meta.name ?? fallback }
}

/**
 * Follows the sub-command names from `main` as far as they lead; ends at a group when no further
 * name is given. `lenient` passes over unknown flags (for help).
 * @throws UsageError for an unknown sub-command or an unknown flag before one.
 */
export async function resolveCommand(
  main: CommandDef,
  rawArgs: readonly string[],
  lenient = false,
): Promise<Resolved> {
  const leading: string[] = []
  const path = [(await metaOf(main, 'parallama')).name]
  let command = main
  let index = 0
  for (;;) {
    const subCommands = await resolveValue(command.subCommands)
    if (!subCommands) return { path, command, rest: [...leading, ...rawArgs.slice(index)] }
    const flags = leadingFlags(rawArgs.slice(index), path, lenient)
    leading.push(...flags)
    index += flags.length
    const name = rawArgs[index]
    if (name === undefined) return { path, command, rest: leading }
    const found = await findSubCommand(subCommands, name)
    if (!found) throw await unknownCommand(name, subCommands, path)
    command = found.command
    path.push(found.name)
    index += 1
  }
}

function leadingFlags(
  tokens: readonly string[],
  path: readonly string[],
  lenient: boolean,
): readonly string[] {
  const flags = createFlags(sharedArgs)
  let count = 0
  for (;;) {
    const token = tokens[count]
    if (token === undefined || !isFlag(token)) return tokens.slice(0, count)
    const { flag, name, value } = parseFlag(flags, token)
    if (!flag && !lenient)
      throw new UsageError(unknownFlag(name, flags), { hint: seeCommands(path) })
    const next = tokens[count + 1]
    const takesNext = flag?.spec.type === 'string' && value === undefined && next !== undefined
    count += takesNext && !isFlag(next) ? 2 : 1
  }
}

type SubCommands = Awaited<ReturnType<typeof namedSubCommands>>

async function namedSubCommands(
  subCommands: Record<string, Resolvable<CommandDef>>,
): Promise<{ name: string; alias: readonly string[]; command: CommandDef }[]> {
  return Promise.all(
    Object.entries(subCommands).map(async ([name, lazy]) => {
      const command = await resolveValue(lazy)
      const { alias = [] } = await metaOf(command, name)
      return { name, alias: typeof alias === 'string' ? [alias] : alias, command }
    }),
  )
}

async function findSubCommand(
  subCommands: Record<string, Resolvable<CommandDef>>,
  name: string,
): Promise<SubCommands[number] | undefined> {
  const exact = Object.hasOwn(subCommands, name) ? subCommands[name] : undefined
  if (exact) return { name, alias: [], command: await resolveValue(exact) }
  return (await namedSubCommands(subCommands)).find(({ alias }) => alias.includes(name))
}

async function unknownCommand(
  typed: string,
  subCommands: Record<string, Resolvable<CommandDef>>,
  path: readonly string[],
): Promise<UsageError> {
  const known = await namedSubCommands(subCommands)
  const meant = nearest(
    typed,
    known.flatMap(({ name, alias }) => [name, ...alias]),
  )
  const line = (name: string) => `"${[...path.slice(1), name].join(' ')}"`
  const guess = meant === undefined ? '' : `; did you mean ${line(meant)}?`
  return new UsageError(`unknown command ${line(visible(typed))}${guess}`, {
    hint: seeCommands(path),
  })
}

function seeCommands(path: readonly string[]): string {
  return `Run "${path.join(' ')} --help" to see its commands.`
}
