import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import {
  ConfigError,
  describeAddress,
  type Environment,
  type Flags,
  loadConfig,
} from '../../../app/config.ts'
import { Secret } from '../../../app/domain/secret.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const { path: folder, file } = temporaryFolder()

/** The mistakes in a configuration, in order. */
function mistakes(flags: Flags, path: string, env: Environment = {}): readonly string[] {
  try {
    loadConfig(flags, path, { HOME: folder, ...env })
    return []
  } catch (err) {
    if (err instanceof ConfigError) return err.mistakes
    throw err
  }
}

const EMPTY = file('')
const inFile = (text: string): readonly string[] => mistakes({}, file(text))
const inEnv = (env: Environment): readonly string[] => mistakes({}, EMPTY, env)

test('all mistakes are told at once, each with its key, its problem and where it was read', () => {
  const path = file('port: 99999\nlogLevel: debug\nollama_urls: []\n')
  const env = { PARALLAMA_LOG_LEVEL: 'loud', PARALLAMA_PROT: '1' }
  const told = mistakes({ maxBodyBytes: 'huge' }, path, env)
  expect(told).toEqual([
    `logLevel: unknown key in ${path}; the nearest known key is log_level`,
    'PARALLAMA_PROT: unknown environment variable; did you mean PARALLAMA_PORT?',
    `port: 99999 must be a whole number from 0 to 65535 (from ${path})`,
    `ollama_urls: [] must name at least one host (from ${path})`,
    'log_level: "loud" must be one of debug, info, warn, error, silent (from PARALLAMA_LOG_LEVEL)',
    'max_body_bytes: "huge" must be a whole number from 1024 to 268435456 (from --max-body-bytes)',
  ])
  const err = new ConfigError(told)
  expect(err.message).toStartWith('6 mistakes in the configuration:\n  - logLevel')
  for (const mistake of told) expect(err.message).toContain(mistake)
  expect(new ConfigError(['port: x']).message).toBe('configuration: port: x')
})

describe('a value is refused', () => {
  test.each([
    ['port', '-1', 'be a whole number from 0 to 65535'],
    ['port', '1.5', 'be a whole number from 0 to 65535'],
    ['port', '"80a"', 'be a whole number from 0 to 65535'],
    ['port', 'null', 'be a whole number from 0 to 65535'],
    ['root_aliases', 'maybe', 'be true or false'],
    ['host', '""', 'not be empty'],
    ['host', '5', 'be text'],
    ['data_dir', '[a]', 'be text'],
    ['ollama_urls', 'gpu-1:11434', 'look like http://host:port'],
    ['ollama_urls', 'ftp://gpu-1', 'look like http://host:port'],
    ['ollama_urls', '"http://gpu-1?x=1"', 'look like http://host:port'],
    ['ollama_urls', '"http://:pw@gpu-1"', 'look like http://host:port'],
    ['ollama_urls', '{ a: 1 }', 'be a list'],
    ['caller_fields', '[prompt]', 'be one of context, keep_alive, raw, system, template'],
    ['database_url', 'mysql://db/x', 'begin with sqlite: or postgres://'],
    ['database_url', '"sqlite:"', 'begin with sqlite: or postgres://'],
    ['secret', 'short', 'have at least 32 characters'],
    ['min_password_length', '7', 'be a whole number from 8 to 64'],
  ])('%s: %s', (key, value, problem) => {
    const [only, ...others] = inFile(`${key}: ${value}\n`)
    expect(only).toStartWith(`${key}: `)
    expect(only).toContain(`must ${problem} (from `)
    expect(others).toEqual([])
  })

  test('only where it counts: one that a flag or a variable replaces does no harm', () => {
    expect(mistakes({ port: 1 }, file('port: x\n'), { PARALLAMA_PORT: 'y' })).toEqual([])
  })
})

describe('a name is refused', () => {
  test.each([
    ['hots', 'host'],
    ['ollama_url', 'ollama_urls'],
    ['databaseUrl', 'database_url'],
    ['host_file', 'host'],
  ])('that nobody knows, in the file: %s for %s', (key, near) => {
    const path = file(`${key}: x\n`)
    const problem = `unknown key in ${path}; the nearest known key is ${near}`
    expect(mistakes({}, path)).toEqual([`${key}: ${problem}`])
  })

  test.each([
    ['PARALLAMA_HOSTS', 'PARALLAMA_HOST'],
    ['PARALLAMA_OLLAMA_URL', 'PARALLAMA_OLLAMA_URLS'],
    ['PARALLAMA_DATABASE_URL_FIEL', 'PARALLAMA_DATABASE_URL_FILE'],
    ['PARALLAMA_CONFIGS', 'PARALLAMA_CONFIG'],
    ['PARALLAMA_CONFG', 'PARALLAMA_CONFIG'],
  ])('that is nearly one of ours, in the environment: %s for %s', (name, near) => {
    expect(inEnv({ [name]: 'x' })).toEqual([
      `${name}: unknown environment variable; did you mean ${near}?`,
    ])
  })

  test('that would be one of ours if several were not in one', () => {
    expect(inEnv({ PARALLAMA_USAGE_RETENTION_DAYS: '3' })).toEqual([
      'PARALLAMA_USAGE_RETENTION_DAYS: unknown environment variable; PARALLAMA_USAGE has all of it, as YAML in one line',
    ])
  })

  test('not when it is of somebody else who begins his names like ours', () => {
    const env = {
      PARALLAMA_SERVICE_HOST: 'x',
      PARALLAMA_PORT_8000_TCP_ADDR: 'x',
      PARALLAM_PORT: 'x',
    }
    expect(inEnv(env)).toEqual([])
  })
})

describe('a file is refused', () => {
  test('when it was named and is not there', () => {
    const path = join(folder, 'none.yaml')
    expect(mistakes({}, path)[0]).toStartWith(`${path}: can't be read: ENOENT`)
    const env = { PARALLAMA_CONFIG: path }
    expect(() => loadConfig({}, undefined, env)).toThrow(`${path}: can't be read`)
  })

  test.each(['- port', 'port', '42', '"text"'])('when it holds no keys: %s', (text) => {
    expect(inFile(text)[0]).toEndWith('must hold "key: value" lines')
  })

  test('when a secret in it, or of the environment, can not be read', () => {
    const path = join(folder, 'none')
    expect(inEnv({ PARALLAMA_DATABASE_URL_FILE: path })).toEqual([
      `PARALLAMA_DATABASE_URL_FILE: ${path} can't be read (ENOENT)`,
    ])
    expect(inFile(`database_url_file: ${path}\n`)[0]).toContain(`${path} can't be read (ENOENT)`)
  })
})

describe('a password is not printed', () => {
  test.each([
    ['database_url: mysql://u:hunter2@db/x'],
    ['databse_url: postgres://u:hunter2@db/x'],
    ['secret: hunter2'],
    ['secret: [hunter2]'],
    ['secret: *hunter2'],
    ['database_url: postgres://u:hunter2@db/x\n  : broken'],
    ['database_url: "postgres://u:hunter2@db/x'],
    ['ollama_urls: http://u:hunter2@gpu-1:11434'],
  ])('in a message about %s', (text) => {
    const told = inFile(text)
    expect(told.length).toBeGreaterThan(0)
    expect(told.join('\n')).not.toContain('hunter2')
  })

  test.each([
    'postgres://u:hunter2@db:5432/x',
    'postgresql://u:hun@hunter2@db/x',
    'postgres://u:hun/hunter2@db/x',
    'postgres://u:hun,hunter2@db/x',
    'postgres://u:hun"hunter2@db/x',
    'postgres://u:hun hunter2@db/x',
    'postgres://u:hun?hunter2@db/x',
    'postgres://db/x?user=u&password=hunter2',
    'postgres://u:hunter2@db/x?sslmode=require',
  ])('with the address of the database: %s', (url) => {
    const shown = describeAddress(new Secret(url))
    expect(shown).not.toContain('hunter2')
    expect(shown).toContain('db')
  })

  test('and an address without one is shown as it is', () => {
    for (const url of ['sqlite:/srv/p/parallama.db', 'postgres://db:5432/x']) {
      expect(describeAddress(new Secret(url))).toBe(url)
    }
  })
})
