import { beforeEach, expect, test } from 'bun:test'
import type { KyselyPlugin } from 'kysely'
import type { Admin } from '../../../app/admin.ts'
import { UNDECIDED } from '../../../app/domain/gateway-settings.ts'
import { createGatewaySettings } from '../../../app/services/gateway-settings.ts'
import { openDatabase } from '../../../db/client.ts'
import { TESTER, testAdmin } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const NAMES = ['ollama', 'openai']

/** Counts what statements have read, and can hold it back. */
function gate() {
  let passing = Promise.resolve()
  let results = 0
  let onResult = () => {}
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      const held = passing
      results++
      onResult()
      await held
      return result
    },
  }
  return {
    plugin,
    results: () => results,
    /** Holds back what is read until so many have read; resolves then with what lets it go. */
    async hold(count: number): Promise<() => void> {
      const { promise, resolve: release } = Promise.withResolvers<void>()
      const reached = Promise.withResolvers<void>()
      passing = promise
      onResult = () => results === count && reached.resolve()
      await reached.promise
      passing = Promise.resolve()
      return release
    },
  }
}

await describeEachDatabase('what a server knows about gateways', (openFresh) => {
  let database: TestDatabase
  let admin: Admin

  beforeEach(async () => {
    database = await openFresh()
    admin = testAdmin(database.db)
  })

  test('is read once, and told at once afterwards, until it is to be forgotten', async () => {
    const { plugin, results } = gate()
    const db = database.db.withPlugin(plugin)
    const settings = createGatewaySettings({ db, names: NAMES, fromFile: {} })
    const [first, second] = await Promise.all([settings.of('openai'), settings.of('ollama')])
    expect([first.enabled, second.enabled]).toEqual([true, true])
    const asked = results()
    expect(settings.of('openai')).toBe(first)
    expect(results()).toBe(asked)

    await admin.gateways.toggle(TESTER, 'openai', false)
    await admin.gateways.setAlias(TESTER, 'openai', 'gpt-*', 'llama3.2:3b')
    expect(settings.of('openai')).toBe(first)
    settings.forget()
    const changed = await settings.of('openai')
    expect(changed.enabled).toBe(false)
    expect(changed.aliases.candidates('gpt-4')).toEqual(['gpt-4', 'llama3.2:3b'])
    expect(results()).toBe(2 * asked)
  })

  test('is what administrators have decided, and else what the configuration says', async () => {
    const aliases = [
      { alias: 'a', model: 'x:1' },
      { alias: 'b', model: 'x:2' },
    ]
    const openai = { enabled: false, defaultModel: 'x:3', aliases }
    const fromFile = { openai, ollama: { ...UNDECIDED, enabled: false } }
    await admin.gateways.toggle(TESTER, 'ollama', true)
    await admin.gateways.setAlias(TESTER, 'openai', 'b', 'y:2')
    const settings = createGatewaySettings({ db: database.db, names: NAMES, fromFile })
    expect((await settings.of('ollama')).enabled).toBe(true)
    const known = await settings.of('openai')
    expect(known.enabled).toBe(false)
    expect(['a', 'b', ''].map((asked) => known.aliases.candidates(asked)[0])).toEqual([
      'x:1',
      'y:2',
      'x:3',
    ])
  })

  test('is never what was read before it was to be forgotten, however late that comes', async () => {
    const { plugin, hold } = gate()
    const db = database.db.withPlugin(plugin)
    const settings = createGatewaySettings({ db, names: NAMES, fromFile: {} })
    const held = hold(2)
    const early = settings.of('openai')
    const release = await held
    await admin.gateways.toggle(TESTER, 'openai', false)
    settings.forget()
    expect((await settings.of('openai')).enabled).toBe(false)
    release()
    expect((await early).enabled).toBe(true)
    expect((await settings.of('openai')).enabled).toBe(false)
  })

  test('is said to be unavailable while it can’t be read, and read as soon as it can', async () => {
    const handle = openDatabase(database.url)
    const settings = createGatewaySettings({ db: handle.db, names: NAMES, fromFile: {} })
    await settings.of('openai')
    await database.db.schema.alterTable('gateways').renameTo('elsewhere').execute()
    expect((await settings.of('openai')).enabled).toBe(true)
    settings.forget()
    for (let i = 0; i < 2; i++) {
      const refused = await refusalOf(Promise.resolve(settings.of('openai')))
      expect(refused).toMatchObject({ code: 'database_unavailable', status: 503 })
      expect(refused?.headers).toEqual({ 'retry-after': '2' })
    }
    await database.db.schema.alterTable('elsewhere').renameTo('gateways').execute()
    expect((await settings.of('openai')).enabled).toBe(true)
    await handle.close()
  })
})
