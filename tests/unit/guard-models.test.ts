import { describe, expect, test } from 'bun:test'
import { createModelAliases } from '../../app/domain/model-aliases.ts'
import { chatRequest, createGuardedApp } from './support/guarded-app.ts'
import { principal } from './support/principal.ts'

const NO_MODELS = principal({ models: [] })

describe('a model', () => {
  const answer = async (world: Parameters<typeof createGuardedApp>[0], model: string) => {
    const { send, steps } = createGuardedApp(world)
    const response = await send(chatRequest({ body: JSON.stringify({ model }) }))
    return { text: await response.text(), status: response.status, steps }
  }

  test('that is forbidden is answered exactly as one that does not exist', async () => {
    const forbidden = await answer({ principal: NO_MODELS }, 'llama3')
    const missing = await answer({ installed: [] }, 'llama3')
    expect([forbidden.status, forbidden.text]).toEqual([404, missing.text])
    expect(JSON.parse(forbidden.text)).toMatchObject({ error: "model 'llama3' not found" })
  })

  test('that is forbidden is not even looked for', async () => {
    expect((await answer({ principal: NO_MODELS }, 'llama3')).steps).not.toContain('locate')
  })

  test.each(['x:cloud', 'x:120b-cloud', 'no name!', '../x', 'x:local:cloud'])(
    'that is in the cloud or has no possible name is not found: %j',
    async (model) => {
      expect((await answer({ installed: ['x:cloud', 'x:120b-cloud'] }, model)).status).toBe(404)
    },
  )

  test.each(['', ' '])(
    'that is not named is a bad request where there is no default: %j',
    async (model) => {
      expect((await answer({}, model)).status).toBe(400)
      const aliases = createModelAliases([], 'llama3')
      expect((await answer({ aliases }, model)).status).toBe(200)
    },
  )

  test('can be named by an alias, and is found as what it stands for', async () => {
    const aliases = createModelAliases([{ alias: 'gpt-4', model: 'llama3:latest' }], null)
    for (const model of ['gpt-4', ' GPT-4 ']) {
      const { send, accounts } = createGuardedApp({ aliases })
      expect((await send(chatRequest({ body: JSON.stringify({ model }) }))).status).toBe(200)
      expect(accounts[0]?.admission.model).toBe('llama3:latest')
    }
  })

  test('that is forbidden and one that is unknown are caught by the same pattern', async () => {
    const models = [(name: string) => name === 'llama3:latest']
    const who = principal({ models })
    const installed = ['llama3:latest', 'secret:latest']
    const pattern = createModelAliases([{ alias: '*', model: 'llama3:latest' }], null)
    const secret = createModelAliases([{ alias: 's*', model: 'secret:latest' }], null)
    for (const model of ['secret', 'stranger']) {
      const world = { principal: who, installed }
      expect((await answer({ ...world, aliases: pattern }, model)).status).toBe(200)
      expect((await answer({ ...world, aliases: secret }, model)).status).toBe(404)
    }
  })

  test('that an alias stands for and that is forbidden is as good as not there', async () => {
    const models = [(name: string) => name === 'llama3:latest']
    const world = {
      principal: principal({ models }),
      installed: ['llama3:latest', 'secret:latest'],
      aliases: createModelAliases(
        [
          { alias: 'gpt-4', model: 'secret:latest' },
          { alias: 'llama3', model: 'secret:latest' },
          { alias: 'gpt-*', model: 'llama3:latest' },
        ],
        'secret:latest',
      ),
    }
    for (const [model, status] of [
      ['gpt-4', 200],
      ['gpt-5', 200],
      ['llama3', 200],
      ['other', 404],
      ['', 400],
    ] as const) {
      expect([model, (await answer(world, model)).status]).toEqual([model, status])
    }
  })

  test('whose name is longer than names can be is not found, whatever pattern it fits', async () => {
    const aliases = createModelAliases([{ alias: '*', model: 'llama3:latest' }], null)
    expect((await answer({ aliases }, 'x'.repeat(601))).status).toBe(404)
  })

  test('that is to be changed is named by its own name alone', async () => {
    const aliases = createModelAliases([{ alias: 'gpt-4', model: 'llama3:latest' }], 'llama3')
    const permissions = new Set(['gateway:ollama', 'models:manage'])
    const world = { aliases, principal: principal({ permissions }) }
    const managing = { permissions: ['gateway:ollama', 'models:manage'] as const }
    for (const [model, status] of [
      ['gpt-4', 404],
      ['', 400],
      ['llama3', 200],
    ] as const) {
      const { send } = createGuardedApp(world, managing)
      const response = await send(chatRequest({ body: JSON.stringify({ model }) }))
      expect([model, response.status]).toEqual([model, status])
    }
  })

  test('that runs in the cloud takes cloud:use, also when only its host knows where it runs', async () => {
    const permissions = new Set(['gateway:ollama', 'cloud:use'])
    const installed = ['x:cloud', 'stub:latest']
    const world = { installed, stubs: ['stub:latest'] }
    for (const model of ['X:Cloud', 'stub']) {
      expect((await answer(world, model)).status).toBe(404)
      const allowed = { ...world, principal: principal({ permissions }) }
      expect((await answer(allowed, model)).status).toBe(200)
    }
  })

  test('is accounted for by its canonical name, in whatever spelling it came', async () => {
    for (const model of ['llama3', 'LLAMA3:latest', ' library/llama3 ', 'llama3:local']) {
      const { send, accounts } = createGuardedApp()
      expect((await send(chatRequest({ body: JSON.stringify({ model }) }))).status).toBe(200)
      expect(accounts[0]?.admission.model).toBe('llama3:latest')
    }
  })
})

describe('a gateway that is switched off', () => {
  test('answers 503 to whom it would serve, and says not to try again', async () => {
    const { send, steps } = createGuardedApp({ enabled: false })
    const response = await send(chatRequest())
    expect(response.status).toBe(503)
    expect(response.headers.get('x-should-retry')).toBe('false')
    expect(await response.json()).toMatchObject({ code: 'gateway_disabled' })
    expect(steps).toEqual(['verify'])
  })

  test('tells nobody else', async () => {
    const { send } = createGuardedApp({ enabled: false })
    expect((await send(chatRequest({ headers: {} }))).status).toBe(401)
    const lacking = createGuardedApp({
      enabled: false,
      principal: principal({ permissions: new Set() }),
    })
    expect((await lacking.send(chatRequest())).status).toBe(403)
  })

  test('is asked about before it refuses, since somebody may just have switched it on', async () => {
    const guarded = createGuardedApp({ enabled: false })
    guarded.state.onLook = () => {
      guarded.world.enabled = true
    }
    expect((await guarded.send(chatRequest())).status).toBe(200)
  })

  test('lets nobody in who was let through before it was', async () => {
    const guarded = createGuardedApp()
    guarded.state.onAdmission = () => {
      guarded.world.enabled = false
    }
    const response = await guarded.send(chatRequest())
    expect([response.status, guarded.accounts]).toEqual([503, []])
  })
})
