import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { closest } from 'fastest-levenshtein'
import { parse as parseYaml, YAMLParseError } from 'yaml'
import type { z } from 'zod'
import type { Secret } from './domain/secret.ts'
import { mistakenVariables } from './setting-variables.ts'
import { type Config, SETTINGS, type SettingName } from './settings.ts'

const DEFAULT_FILE = '/etc/parallama/config.yaml'
const PREFIX = 'PARALLAMA_'
/** Names outside the settings that are ours all the same. */
const OTHER_VARIABLES = ['PARALLAMA_CONFIG']
/** Settings that hold several. */
const NESTED: readonly SettingName[] = ['gateways', 'usage']

/** Every mistake in the configuration, each with its key, its problem and where it was read. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    const [only] = mistakes
    super(
      mistakes.length === 1
        ? `configuration: ${only}`
        : `${mistakes.length} mistakes in the configuration:\n${mistakes.map((m) => `  - ${m}`).join('\n')}`,
    )
    this.mistakes = mistakes
  }
}

export type Environment = Readonly<Record<string, string | undefined>>
export type Flags = Readonly<Partial<Record<SettingName, unknown>>>

interface Given {
  readonly value: unknown
  /** Where the value was read, in words for the person who has to change it. */
  readonly from: string
}

/** A setting's name in the configuration file: `maxBodyBytes` is `max_body_bytes`. */
export const fileKey = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** A setting's environment variable: `maxBodyBytes` is `PARALLAMA_MAX_BODY_BYTES`. */
export const variable = (name: string): string => PREFIX + fileKey(name).toUpperCase()

/** The process's environment, for what is decided before the configuration is read. */
export const environment = (): Environment => process.env

/**
 * Reads the settings: flags before environment before file before defaults. The file is `file`, or
 * `$PARALLAMA_CONFIG`, or /etc/parallama/config.yaml when that exists. Throws one ConfigError that
 * lists all mistakes.
 */
export function loadConfig(
  flags: Flags = {},
  file: string | undefined = undefined,
  env: Environment = process.env,
): Config {
  const mistakes: string[] = []
  const given = new Map<string, Given>([
    ...fromFile(file ?? env.PARALLAMA_CONFIG, mistakes),
    ...fromEnvironment(env, mistakes),
    ...fromFlags(flags),
  ])
  const dataDir = dataDirOf(given, env)
  const values = Object.entries(SETTINGS).map(([name, setting]) => {
    const { value, from } = given.get(name) ?? {
      value: setting.default(dataDir),
      from: 'the default',
    }
    const parsed = setting.schema.safeParse(value, { reportInput: true })
    if (parsed.success) return [name, parsed.data]
    for (const [key, { wrong, problem }] of problemsIn(name, value, parsed.error)) {
      const shown = setting.secret ? '' : `${withoutUser(JSON.stringify(wrong))} `
      mistakes.push(`${key}: ${shown}${problem} (from ${from})`)
    }
    return [name, undefined]
  })
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  return Object.fromEntries(values) as Config
}

/** The first problem under each key, and the value there; a list has one key as a whole. */
function problemsIn(name: string, value: unknown, { issues }: z.core.$ZodError) {
  const problems = new Map<string, { readonly wrong: unknown; readonly problem: string }>()
  for (const { path, input, message } of issues) {
    const isInside = path.length > 0 && path.every((part) => typeof part === 'string')
    const key = [fileKey(name), ...(isInside ? path : [])].join('.')
    if (problems.has(key)) continue
    problems.set(key, { wrong: isInside ? input : value, problem: message })
  }
  return problems
}

function dataDirOf(given: ReadonlyMap<string, Given>, env: Environment): string {
  const chosen = given.get('dataDir')?.value
  if (typeof chosen === 'string' && chosen) return resolve(chosen)
  return join(env.XDG_DATA_HOME || join(homedir(), '.local/share'), 'parallama')
}

function fromFlags(flags: Flags): [string, Given][] {
  return Object.entries(flags)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, { value, from: `--${fileKey(name).replaceAll('_', '-')}` }])
}

function fromEnvironment(env: Environment, mistakes: string[]): [string, Given][] {
  const names = Object.keys(SETTINGS) as SettingName[]
  const known = names.flatMap((name) =>
    SETTINGS[name].secret ? [variable(name), `${variable(name)}_FILE`] : [variable(name)],
  )
  known.push(...OTHER_VARIABLES)
  const nested = NESTED.map(variable)
  mistakes.push(...mistakenVariables(Object.keys(env), { prefix: PREFIX, known, nested }))
  return names.flatMap((name): [string, Given][] => {
    const value = env[variable(name)]
    if (value !== undefined && value !== '') return [[name, { value, from: variable(name) }]]
    const path = SETTINGS[name].secret ? env[`${variable(name)}_FILE`] : undefined
    return path && name !== 'secret'
      ? readSecret(name, path, `${variable(name)}_FILE`, mistakes)
      : []
  })
}

function readSecret(
  name: string,
  path: string,
  from: string,
  mistakes: string[],
): [string, Given][] {
  try {
    return [[name, { value: readFileSync(path, 'utf8').trim(), from: `${path}, named by ${from}` }]]
  } catch (err) {
    mistakes.push(`${from}: ${path} can't be read (${errorCode(err)})`)
    return []
  }
}

function fromFile(path: string | undefined, mistakes: string[]): [string, Given][] {
  const file = path || DEFAULT_FILE
  const document = readYaml(file, path !== undefined && path !== '', mistakes)
  if (document === null) return []
  if (typeof document !== 'object' || Array.isArray(document)) {
    mistakes.push(`${file}: must hold "key: value" lines`)
    return []
  }
  const byKey = new Map(Object.keys(SETTINGS).map((name) => [fileKey(name), name]))
  return Object.entries(document).flatMap(([key, value]): [string, Given][] => {
    const name = byKey.get(key)
    if (name) return [[name, { value, from: file }]]
    const secretName = key.endsWith('_file') ? byKey.get(key.slice(0, -'_file'.length)) : undefined
    if (secretName && SETTINGS[secretName as SettingName].secret) {
      return readSecret(secretName, String(value), `${key} in ${file}`, mistakes)
    }
    mistakes.push(
      `${key}: unknown key in ${file}; the nearest known key is ${closest(key, [...byKey.keys()])}`,
    )
    return []
  })
}

function readYaml(file: string, isRequired: boolean, mistakes: string[]): unknown {
  try {
    return parseYaml(readFileSync(file, 'utf8')) ?? null
  } catch (err) {
    if (errorCode(err) === 'ENOENT' && !isRequired) return null
    mistakes.push(`${file}: can't be read: ${yamlPlace(err) ?? errorCode(err)}`)
    return null
  }
}

const errorCode = (err: unknown): string =>
  err instanceof Error && 'code' in err ? String(err.code) : 'it makes no sense'

/** Where a YAML file is broken; not the parser's message, which quotes from the file. */
function yamlPlace(err: unknown): string | null {
  if (!(err instanceof YAMLParseError)) return null
  const [start] = err.linePos ?? []
  return start ? `not valid YAML at line ${start.line}, column ${start.col}` : 'not valid YAML'
}

/** The address of a database or of Redis without user, password and options, for messages. */
export const describeAddress = (url: Secret): string =>
  url
    .reveal()
    .replace(/\/\/.*@/s, '//')
    .replace(/\?.*$/s, '')

/** Addresses without what stands before their last `@`: passwords may hold an `@` or a `/` too. */
const withoutUser = (text: string): string => text.replace(/:\/\/[^\s",]*@/g, '://')
