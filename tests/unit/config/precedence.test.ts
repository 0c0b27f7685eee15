import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { type Environment, type Flags, fileKey, loadConfig, variable } from '../../../app/config.ts'
import { SETTINGS, type SettingName } from '../../../app/settings.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const { path: folder, file } = temporaryFolder()

const EMPTY = file('')
const load = (flags: Flags = {}, text = '', env: Environment = {}) =>
  loadConfig(flags, text ? file(text) : EMPTY, { HOME: folder, ...env })

describe('a value is taken', () => {
  test('from the flag before the environment before the file before the default', () => {
    const flags = { port: '1' }
    const env = { PARALLAMA_PORT: '2' }
    const text = 'port: 3\n'
    expect(load(flags, text, env).port).toBe(1)
    expect(load({}, text, env).port).toBe(2)
    expect(load({}, text).port).toBe(3)
    expect(load().port).toBe(8000)
  })

  test('from the next source when a flag is not given or a variable is empty', () => {
    expect(load({ port: undefined }, 'port: 3\n', { PARALLAMA_PORT: '' }).port).toBe(3)
  })

  test('for each setting by itself', () => {
    const config = load({ port: 1 }, 'host: 0.0.0.0\nport: 3\n', { PARALLAMA_LOG_LEVEL: 'debug' })
    expect(config).toMatchObject({ port: 1, host: '0.0.0.0', logLevel: 'debug' })
  })

  test('from the file that $PARALLAMA_CONFIG names, unless another is given', () => {
    const env = { PARALLAMA_CONFIG: file('port: 4\n') }
    expect(loadConfig({}, undefined, env).port).toBe(4)
    expect(loadConfig({}, file('port: 5\n'), env).port).toBe(5)
  })

  test('under the same name everywhere', () => {
    for (const name of Object.keys(SETTINGS) as SettingName[]) {
      expect(fileKey(name)).toMatch(/^[a-z]+(_[a-z]+)*$/)
      expect(variable(name)).toBe(`PARALLAMA_${fileKey(name).toUpperCase()}`)
    }
    expect([fileKey('maxBodyBytes'), variable('maxBodyBytes')]).toEqual([
      'max_body_bytes',
      'PARALLAMA_MAX_BODY_BYTES',
    ])
  })
})

describe('text and YAML mean the same', () => {
  const CASES: readonly [SettingName, string, string, unknown][] = [
    [
      'ollamaUrls',
      'http://a:1, http://b:2/',
      '[http://a:1, http://b:2]',
      ['http://a:1', 'http://b:2'],
    ],
    ['rootAliases', 'YES', 'true', true],
    ['keyInPath', '0', 'no', false],
    ['callerFields', 'raw,context', '[raw, context]', ['raw', 'context']],
    ['callerFields', ',', '[]', []],
    ['port', '0', '0', 0],
    ['maxBodyBytes', '1048576', '1048576', 1_048_576],
  ]
  test.each(CASES)('%s', (name, text, yaml, value) => {
    expect(load({}, '', { [variable(name)]: text })[name] as unknown).toEqual(value)
    expect(load({}, `${fileKey(name)}: ${yaml}\n`)[name] as unknown).toEqual(value)
  })
})

describe('what follows from the data folder', () => {
  test('is the place of the database and of the secret', () => {
    const config = load({ dataDir: '/srv/p' })
    expect(config.databaseUrl.reveal()).toBe('sqlite:/srv/p/parallama.db')
    expect(config.secretFile).toBe('/srv/p/secret')
  })

  test('is in the home folder of data, unless it is set', () => {
    expect(load({}, '', { XDG_DATA_HOME: '/xdg' }).dataDir).toBe('/xdg/parallama')
    expect(load({}, 'data_dir: /yaml\n', { XDG_DATA_HOME: '/xdg' }).dataDir).toBe('/yaml')
  })

  test('a relative path is made absolute', () => {
    const config = load({ dataDir: 'here' })
    expect(config.dataDir).toBe(join(process.cwd(), 'here'))
    expect(config.secretFile).toBe(join(process.cwd(), 'here/secret'))
  })
})

describe('a secret', () => {
  const TEXT = 's'.repeat(40)
  const URL = 'postgres://u:hunter2@db/p'

  test('can be given as a file, in the environment and in the file', () => {
    const path = file(`${URL}\n`)
    expect(load({}, '', { PARALLAMA_DATABASE_URL_FILE: path }).databaseUrl.reveal()).toBe(URL)
    expect(load({}, `database_url_file: ${path}\n`).databaseUrl.reveal()).toBe(URL)
  })

  test('itself counts before a file of it', () => {
    const env = { PARALLAMA_DATABASE_URL_FILE: file('sqlite:/b'), PARALLAMA_DATABASE_URL: URL }
    expect(load({}, '', env).databaseUrl.reveal()).toBe(URL)
  })

  test('of the whole system can be given itself or as a file of its own, which is not read here', () => {
    expect(load({}, '', { PARALLAMA_SECRET: TEXT }).secret?.reveal()).toBe(TEXT)
    expect(load({}, '', { PARALLAMA_SECRET_FILE: '/run/s' })).toMatchObject({
      secret: null,
      secretFile: '/run/s',
    })
    expect(load({}, 'secret_file: /run/s\n').secretFile).toBe('/run/s')
  })

  test('is not in a print-out of the configuration', () => {
    const config = load({}, '', { PARALLAMA_SECRET: TEXT, PARALLAMA_DATABASE_URL: URL })
    for (const text of [JSON.stringify(config), Bun.inspect(config)]) {
      expect(text).not.toContain('hunter2')
      expect(text).not.toContain(TEXT)
    }
  })
})

test('the defaults are valid and every setting is described', () => {
  expect(load()).toMatchObject({
    host: '127.0.0.1',
    port: 8000,
    logLevel: 'info',
    keyInPath: false,
  })
  for (const { description } of Object.values(SETTINGS))
    expect(description.length).toBeGreaterThan(10)
})
