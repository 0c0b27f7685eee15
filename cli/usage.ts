import type { CommandDef } from 'citty'
import type { ArgSpec, ArgSpecs, Meta } from './command.ts'
import { aliasesOf } from './flags.ts'
import { metaOf, resolveValue } from './resolve.ts'
import { sharedArgs } from './shared-args.ts'
import { isRequired } from './strict-args.ts'

type Line = readonly [label: string, text: string]

const MAX_LABEL = 30
const MAX_CHOICES = 16

/** The help of a command or a group, for a screen of `width` columns; ends with a line break. */
export async function renderUsage(
  path: readonly string[],
  command: CommandDef,
  width: number,
): Promise<string> {
  const meta: Partial<Meta> = await metaOf(command, path.at(-1) ?? '')
  const own = ownArgs((await resolveValue(command.args)) as ArgSpecs | undefined)
  const verbs = await commandLines(command)
  const sections = [
    meta.description && Bun.wrapAnsi(sentence(meta.description), width),
    `Usage: ${usageLine(path, own, verbs.length > 0)}`,
    section('Commands', verbs, width),
    section('Arguments', own.filter(([, spec]) => spec.type === 'positional').map(argLine), width),
    section(
      'Options',
      own.filter(([, spec]) => spec.type !== 'positional').flatMap(optionLines),
      width,
    ),
    section('Common options', commonLines(path, meta), width),
    meta.examples && `Examples:\n${meta.examples.map((line) => `  ${line}`).join('\n')}`,
    verbs.length > 0 && `Run "${path.join(' ')} <command> --help" to see what a command takes.`,
  ]
  return `${sections.filter(Boolean).join('\n\n')}\n`
}

function ownArgs(specs: ArgSpecs = {}): [string, ArgSpec][] {
  const shared = new Map<string, unknown>(Object.entries(sharedArgs))
  return Object.entries(specs).filter(([name, spec]) => shared.get(name) !== spec)
}

function usageLine(path: readonly string[], own: [string, ArgSpec][], isGroup: boolean): string {
  const positionals = own
    .filter(([, spec]) => spec.type === 'positional')
    .map(([name, spec]) => {
      const label = spec.multiple ? `<${name}>…` : `<${name}>`
      return isRequired(spec) ? label : `[${label}]`
    })
  const flags = own
    .filter(([, spec]) => spec.type !== 'positional' && isRequired(spec))
    .map(([name, spec]) => `--${name} ${hintOf(name, spec)}`)
  return [...path, ...(isGroup ? ['<command>'] : []), ...positionals, ...flags, '[options]'].join(
    ' ',
  )
}

async function commandLines(command: CommandDef): Promise<Line[]> {
  const subCommands = Object.entries((await resolveValue(command.subCommands)) ?? {})
  const lines = await Promise.all(
    subCommands.map(async ([name, lazy]): Promise<Line[]> => {
      const { alias = [], description = '', hidden } = await metaOf(await resolveValue(lazy), name)
      return hidden ? [] : [[[name, ...[alias].flat()].join(', '), description]]
    }),
  )
  return lines.flat()
}

function argLine([name, spec]: [string, ArgSpec]): Line {
  return [`<${name}>`, describe(spec)]
}

function optionLines([name, spec]: [string, ArgSpec]): Line[] {
  const aliases = aliasesOf(spec)
  const short = aliases.find((alias) => alias.length === 1)
  const long = [name, ...aliases.filter((alias) => alias.length > 1)]
  const names = long.map((each) => `--${each}`).join(', ')
  const prefix = short ? `-${short}, ` : '    '
  if (spec.type !== 'boolean') return [[`${prefix}${names} ${hintOf(name, spec)}`, describe(spec)]]
  const negative: Line[] = spec.negativeDescription
    ? [[`    --no-${name}`, spec.negativeDescription]]
    : []
  // A flag that is on by default is only ever typed to turn it off.
  if (spec.default === true && negative.length > 0) return negative
  return [[`${prefix}${names}`, describe(spec)], ...negative]
}

function commonLines(path: readonly string[], meta: Partial<Meta>): Line[] {
  const lines = Object.entries<ArgSpec>(sharedArgs).flatMap(optionLines)
  const version: Line = ['-v, --version', 'show the version']
  return path.length === 1 && meta.version ? [...lines, version] : lines
}

function hintOf(name: string, spec: ArgSpec): string {
  const choices = isHintingChoices(spec) ? spec.options?.join('|') : undefined
  return `<${spec.valueHint ?? choices ?? name}>`
}

function isHintingChoices(spec: ArgSpec): boolean {
  const isFree = spec.type !== 'positional' && spec.valueHint === undefined
  return isFree && (spec.options?.join('|').length ?? 0) <= MAX_CHOICES
}

function describe(spec: ArgSpec): string {
  const choices = isHintingChoices(spec) ? undefined : spec.options?.join(', ')
  const notes = [
    choices && `one of ${choices}`,
    spec.multiple && spec.type !== 'positional' && 'may be repeated',
    typeof spec.default === 'string' && `default ${spec.default}`,
    spec.type !== 'positional' && isRequired(spec) && 'required',
  ].filter(Boolean)
  return [spec.description, notes.length > 0 && `(${notes.join('; ')})`].filter(Boolean).join(' ')
}

function section(title: string, lines: readonly Line[], width: number): string | undefined {
  if (lines.length === 0) return undefined
  const widest = Math.max(...lines.map(([label]) => label.length).filter((n) => n <= MAX_LABEL), 0)
  const indent = widest + 4
  const rendered = lines.map(([label, text]) => {
    const body = Bun.wrapAnsi(text, Math.max(width - indent, 20)).split('\n')
    const gap =
      label.length > widest ? `\n${' '.repeat(indent)}` : ' '.repeat(indent - label.length - 2)
    return `  ${label}${gap}${body.join(`\n${' '.repeat(indent)}`)}`.trimEnd()
  })
  return [`${title}:`, ...rendered].join('\n')
}

function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?…]$/u.test(capital) ? capital : `${capital}.`
}
