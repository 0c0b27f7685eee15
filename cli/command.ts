import { type ArgDef, type ArgType, type CommandDef, type CommandMeta, defineCommand } from 'citty'
import type { Output } from './output.ts'
import { sharedArgs } from './shared-args.ts'
import type { Sink } from './sink.ts'

/** citty's argument definition, with a few properties of ours. The key is the flag's exact name. */
export type ArgSpec = ArgDef & {
  readonly type: NonNullable<ArgType>
  /** May be given several times, or as the last positional takes all the rest: gives a list. */
  readonly multiple?: true
  /** The values that are allowed. */
  readonly options?: string[]
  /** Reads the text; throws a UsageError that completes "--flag …" ("must be a whole number"). */
  readonly parse?: (text: string) => unknown
}

/** A command's arguments by name; positionals in their order. */
export type ArgSpecs = Record<string, ArgSpec>

type CamelCase<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name

type OneValue<Spec> = Spec extends { type: 'boolean' }
  ? boolean
  : Spec extends { parse: (text: string) => infer Value }
    ? Value
    : Spec extends { options: infer Options extends readonly string[] }
      ? Options[number]
      : string

type IsAlwaysThere<Spec> = Spec extends { default: string | boolean } | { required: true }
  ? true
  : Spec extends { required: false }
    ? false
    : Spec extends { type: 'positional' }
      ? true
      : false

type ArgValue<Spec> = Spec extends { multiple: true }
  ? readonly OneValue<Spec>[]
  : IsAlwaysThere<Spec> extends true
    ? OneValue<Spec>
    : OneValue<Spec> | undefined

/** What a command receives: `--token-hourly` as `tokenHourly`. */
export type ArgValues<Specs> = {
  readonly [Name in keyof Specs & string as CamelCase<Name>]: ArgValue<Specs[Name]>
}

/** The streams a command may use; what it reports goes through `out`. */
export type CommandIo = {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly stdout: Sink
  readonly stderr: Sink
}

/** What a command does with its arguments. */
export type Run<Specs> = (context: {
  readonly args: ArgValues<Omit<typeof sharedArgs, keyof Specs> & Specs>
  readonly io: CommandIo
  readonly out: Output
  // biome-ignore lint/suspicious/noConfusingVoidType: most commands return nothing
}) => Promise<0 | 1 | void>

/** What the help says about a command. */
export type Meta = CommandMeta & {
  readonly name: string
  readonly description: string
  /** Whole command lines, shown at the end of the help. */
  readonly examples?: readonly string[]
}

/**
 * A command whose `args` are typed from their definitions; the shared flags are added. `run` may
 * return 1 for "did its work, and the answer is bad" (a failed check); errors are thrown.
 */
export function command<const Specs extends ArgSpecs>(definition: {
  readonly meta: Meta
  readonly args?: Specs
  readonly run: Run<Specs>
}): CommandDef {
  const { meta, args, run } = definition
  return defineCommand({
    meta,
    args: { ...args, ...Object.fromEntries(sharedArgsBeside(args)) },
    run: ({ args, data }) => run({ ...data, args }),
  })
}

/** A noun with its verbs; each verb may be loaded when it is needed. */
export function group(definition: {
  readonly meta: Meta
  readonly subCommands: NonNullable<CommandDef['subCommands']>
}): CommandDef {
  return defineCommand(definition)
}

function sharedArgsBeside(own: ArgSpecs = {}): [string, ArgDef][] {
  return Object.entries(sharedArgs).filter(([name]) => !Object.hasOwn(own, name))
}
