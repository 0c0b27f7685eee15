import { beforeEach, expect, test } from 'bun:test'
import { createAdmin } from '../../../app/admin.ts'
import { combined, UNDECIDED } from '../../../app/domain/gateway-settings.ts'
import type { DecisionsByName } from '../../../app/services/gateway-decisions.ts'
import { readRevision } from '../../../db/queries/revision.ts'
import { SETTINGS, TESTER, testKeyring } from '../../support/builders.ts'
import { describeEachDatabase, type TestDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const MODELS = ['llama3.2:3b', 'llama3.3:70b', 'qwen3:8b']

/** What the configuration says. */
const FILE: DecisionsByName = {
  openai: combined(UNDECIDED, {
    enabled: false,
    defaultModel: 'qwen3:8b',
    aliases: [
      { alias: 'gpt-4', model: 'llama3.3:70b' },
      { alias: 'gpt-*', model: 'llama3.2:3b' },
    ],
  }),
}

await describeEachDatabase('gateways', (openFresh) => {
  let database: TestDatabase

  beforeEach(async () => {
    database = await openFresh()
  })

  const gatewaysOf = (fromFile: DecisionsByName = {}, models: readonly string[] | null = MODELS) =>
    createAdmin({
      ...SETTINGS,
      db: database.db,
      keyring: testKeyring,
      gateways: fromFile,
      installedModels: async () => models,
    }).gateways

  const newest = async () => {
    const rows = await database.db
      .selectFrom('audit_log')
      .selectAll()
      .orderBy('id', 'desc')
      .execute()
    const [row] = rows
    return row && { ...row, detail: JSON.parse(row.detail) }
  }

  test('are as the configuration says until an administrator decides otherwise', async () => {
    const gateways = gatewaysOf(FILE)
    const names = (await gateways.list()).map(({ name, path }) => `${name} ${path}`)
    expect(names.slice(0, 1)).toEqual(['ollama /ollama'])
    const before = await gateways.info('openai')
    expect(before).toEqual({
      name: 'openai',
      path: '/openai',
      enabled: false,
      defaultModel: 'qwen3:8b',
      aliases: [
        { alias: 'gpt-*', model: 'llama3.2:3b', origin: 'configuration' },
        { alias: 'gpt-4', model: 'llama3.3:70b', origin: 'configuration' },
      ],
    })
    expect((await gateways.toggle(TESTER, 'openai', true)).enabled).toBe(true)
    await gateways.configure(TESTER, 'openai', {
      defaultModel: '',
      setMappings: [{ alias: ' GPT-4 ', model: 'Qwen3:8B' }],
    })
    const after = await gateways.info('openai')
    expect(after).toMatchObject({ enabled: true, defaultModel: null })
    expect(after.aliases[1]).toEqual({
      alias: 'gpt-4',
      model: 'qwen3:8b',
      origin: 'administrator',
    })
    await gateways.configure(TESTER, 'openai', { defaultModel: null, removeMappings: ['GPT-4'] })
    expect(await gateways.info('openai')).toEqual({ ...before, enabled: true })
    expect(await gateways.info('ollama')).toMatchObject({ enabled: true, aliases: [] })
  })

  test('are changed with one revision and one audit entry, which tells what differs', async () => {
    const gateways = gatewaysOf(FILE)
    const before = await readRevision(database.db)
    await gateways.toggle(TESTER, 'openai', true)
    expect(await newest()).toMatchObject({
      action: 'gateway.toggle',
      target: 'openai',
      actor: TESTER.name,
      outcome: 'done',
      detail: { before: { enabled: false }, after: { enabled: true } },
    })
    await gateways.configure(TESTER, 'openai', {
      setMappings: [
        { alias: 'gpt-4', model: 'qwen3:8b' },
        { alias: 'o1', model: 'qwen3:8b' },
      ],
    })
    expect(await newest()).toMatchObject({
      action: 'gateway.config',
      detail: {
        before: { aliases: { 'gpt-4': 'llama3.3:70b' } },
        after: { aliases: { 'gpt-4': 'qwen3:8b', o1: 'qwen3:8b' } },
      },
    })
    await gateways.setAlias(TESTER, 'ollama', 'Big', 'llama3.3:70b')
    expect(await newest()).toMatchObject({ action: 'model.alias', target: 'ollama/big' })
    await gateways.removeAlias(TESTER, 'ollama', 'BIG')
    expect(await newest()).toMatchObject({
      action: 'model.unalias',
      target: 'ollama/big',
      detail: { before: { aliases: { big: 'llama3.3:70b' } }, after: { aliases: {} } },
    })
    await gateways.configure(TESTER, 'ollama', { enabled: false })
    expect((await newest())?.action).toBe('gateway.toggle')
    expect((await readRevision(database.db)) - before).toBe(5)
  })

  test('take any model when hosts can not be asked, and one of the cloud always', async () => {
    const blind = gatewaysOf({}, null)
    await blind.setAlias(TESTER, 'openai', 'o1', 'anything')
    const seeing = gatewaysOf()
    await seeing.setAlias(TESTER, 'openai', 'o2', 'gpt-oss:120b-cloud')
    await seeing.configure(TESTER, 'openai', { defaultModel: 'kimi:cloud' })
    expect((await seeing.listAliases('openai')).map(({ model }) => model)).toEqual([
      'anything:latest',
      'gpt-oss:120b-cloud',
    ])
  })

  test('have at most 1000 aliases each, with those of the configuration', async () => {
    const gateways = gatewaysOf(FILE)
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ alias: `alias-${i}`, model: 'qwen3:8b' }))
    const full = await gateways.configure(TESTER, 'openai', { setMappings: many(998) })
    expect(full.aliases).toHaveLength(1000)
    expect(await refusalOf(gateways.setAlias(TESTER, 'openai', 'o1', 'qwen3:8b'))).toMatchObject({
      code: 'invalid',
      message: 'a gateway has at most 1000 aliases',
    })
    await gateways.setAlias(TESTER, 'openai', 'alias-0', 'llama3.3:70b')
    await gateways.setAlias(TESTER, 'ollama', 'o1', 'qwen3:8b')
    expect(await gateways.listAliases()).toHaveLength(1001)
  })
})
