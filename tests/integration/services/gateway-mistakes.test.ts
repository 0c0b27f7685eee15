import { beforeEach, expect, test } from 'bun:test'
import { type Admin, createAdmin } from '../../../app/admin.ts'
import type { GatewayChanges } from '../../../app/services/gateway-changes.ts'
import type { DecisionsByName } from '../../../app/services/gateway-decisions.ts'
import type { Db } from '../../../db/client.ts'
import { readRevision } from '../../../db/queries/revision.ts'
import { SETTINGS, TESTER, testKeyring } from '../../support/builders.ts'
import { describeEachDatabase } from '../../support/each-database.ts'
import { refusalOf } from '../../support/refusal.ts'

const MODELS = ['llama3.2:3b', 'llama3.3:70b', 'qwen3:8b']

/** What the configuration says. */
const FILE: DecisionsByName = {
  openai: {
    enabled: null,
    defaultModel: null,
    aliases: [
      { alias: 'gpt-4', model: 'llama3.3:70b' },
      { alias: 'gpt-*', model: 'llama3.2:3b' },
    ],
  },
}

/** What can't be done, the code that it is refused with, and what is said about it. */
const CHANGES: Record<string, [GatewayChanges, string, string | RegExp]> = {
  'by nothing': [{}, 'invalid', 'nothing to change'],
  'by an alias of no form': [
    { setMappings: [{ alias: 'gpt 4', model: 'qwen3:8b' }] },
    'invalid',
    '"gpt 4" is no alias; one has 1 to 200',
  ],
  'by an alias for no name of a model': [
    { setMappings: [{ alias: 'o1', model: 'gpt-*' }] },
    'invalid',
    '"gpt-*" is no name of a model',
  ],
  'by an alias for a model that no host has': [
    { setMappings: [{ alias: 'o1', model: 'lama3.3:70b' }] },
    'invalid',
    'did you mean llama3.3:70b?',
  ],
  'by an alias that is its own model': [
    { setMappings: [{ alias: 'QWEN3:8b', model: 'qwen3:8b' }] },
    'invalid',
    'qwen3:8b is the model qwen3:8b itself',
  ],
  'by an alias that is given twice': [
    { setMappings: [{ alias: 'o1', model: 'qwen3:8b' }], removeMappings: ['O1'] },
    'invalid',
    'the alias o1 is given twice',
  ],
  'by a default model that no host has': [
    { defaultModel: 'llama9' },
    'invalid',
    'no host has the model "llama9:latest"',
  ],
  'by the removal of what is not there': [
    { removeMappings: ['gpt-5'] },
    'not_found',
    /the gateway openai has no alias "gpt-5", did you mean gpt-[4*]\?/,
  ],
  'by the removal of what only the configuration has': [
    { removeMappings: ['gpt-4'] },
    'conflict',
    'stands in the configuration, under gateways.openai.model_mappings; remove it there',
  ],
}

await describeEachDatabase('gateways are not changed', (openFresh) => {
  let db: Db
  let gateways: Admin['gateways']

  beforeEach(async () => {
    db = (await openFresh()).db
    gateways = createAdmin({
      ...SETTINGS,
      db,
      keyring: testKeyring,
      gateways: FILE,
      installedModels: async () => MODELS,
    }).gateways
  })

  test.each(Object.entries(CHANGES))('%s', async (_, [changes, code, message]) => {
    const before = [await gateways.list(), await readRevision(db)]
    const refused = await refusalOf(gateways.configure(TESTER, 'openai', { ...changes }))
    expect(refused?.code).toBe(code as 'invalid')
    if (typeof message === 'string') expect(refused?.message).toContain(message)
    else expect(refused?.message).toMatch(message)
    expect([await gateways.list(), await readRevision(db)]).toEqual(before)
  })

  test('half: what is right beside a mistake is not done either', async () => {
    const setMappings = [{ alias: 'o1', model: 'qwen3:8b' }]
    const act = gateways.configure(TESTER, 'openai', { setMappings, removeMappings: ['gpt-4'] })
    expect((await refusalOf(act))?.code).toBe('conflict')
    expect((await gateways.listAliases('openai')).map(({ alias }) => alias)).not.toContain('o1')
    const entries = await db.selectFrom('audit_log').select(['action', 'outcome']).execute()
    expect(entries).toEqual([{ action: 'gateway.config', outcome: 'refused' }])
  })

  test('under a name that is none, and the nearest is told', async () => {
    for (const act of [
      () => gateways.info('olama'),
      () => gateways.toggle(TESTER, 'olama', false),
      () => gateways.setAlias(TESTER, 'olama', 'o1', 'qwen3:8b'),
      () => gateways.removeAlias(TESTER, 'olama', 'o1'),
      () => gateways.listAliases('olama'),
      () => gateways.metrics(['olama']),
    ]) {
      expect(await refusalOf(act())).toMatchObject({
        code: 'not_found',
        message: expect.stringContaining('no gateway "olama", did you mean ollama?'),
      })
    }
  })
})
