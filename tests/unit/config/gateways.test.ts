import { describe, expect, test } from 'bun:test'
import { ConfigError, loadConfig } from '../../../app/config.ts'
import { StartupError } from '../../../app/errors/startup-error.ts'
import { GATEWAYS } from '../../../app/gateways/registry.ts'
import { requireKnownGateways } from '../../../app/open-gateways.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const { path: folder, file } = temporaryFolder()

const EMPTY = file('')
const inFile = (text: string) => loadConfig({}, file(text), { HOME: folder }).gateways
const inVariable = (text: string) =>
  loadConfig({}, EMPTY, { HOME: folder, PARALLAMA_GATEWAYS: text }).gateways

/** The mistakes without where they were read. */
function mistakes(act: () => unknown): string[] {
  try {
    act()
    return []
  } catch (err) {
    if (err instanceof ConfigError)
      return err.mistakes.map((told) => told.replace(/ \(from .*/, ''))
    throw err
  }
}

const YAML = `
gateways:
  openai:
    enabled: no
    default_model: LLama3.2:3b
    model_mappings:
      GPT-4: llama3.3:70b
      "gpt-*": library/llama3.2
  anthropic:
  ollama: { enabled: , model_mappings: , default_model: "" }
`
const NOTHING = { enabled: null, defaultModel: null, aliases: [] }
const READ = {
  openai: {
    enabled: false,
    defaultModel: 'llama3.2:3b',
    aliases: [
      { alias: 'gpt-4', model: 'llama3.3:70b' },
      { alias: 'gpt-*', model: 'llama3.2:latest' },
    ],
  },
  anthropic: NOTHING,
  ollama: { ...NOTHING, defaultModel: '' },
}

describe('what the configuration says about gateways', () => {
  test('is read from the file, with models by their canonical names', () => {
    expect(inFile(YAML)).toEqual(READ)
    expect(inFile('')).toEqual({})
    expect(inFile('gateways:\n')).toEqual({})
  })

  test('can be in the environment as YAML or JSON in one line', () => {
    const mappings = '{GPT-4: "llama3.3:70b", "gpt-*": llama3.2}'
    const openai = `{enabled: no, default_model: "llama3.2:3b", model_mappings: ${mappings}}`
    expect(inVariable(`{openai: ${openai}, anthropic: , ollama: {default_model: ""}}`)).toEqual(
      READ,
    )
    const json = { openai: { enabled: false, model_mappings: { 'gpt-4': 'qwen3:8b' } } }
    expect(inVariable(JSON.stringify(json))).toEqual({
      openai: { ...NOTHING, enabled: false, aliases: [{ alias: 'gpt-4', model: 'qwen3:8b' }] },
    })
    expect(inVariable('{}')).toEqual({})
  })

  test('is wrong in each wrong place, and all of them are told with their paths', () => {
    const text = `
gateways:
  openai:
    enabled: maybe
    enabeld: true
    default_model: 7
    model_mappings: { gpt 4: llama3, gpt-5: [a], gpt-6: "a b" }
  anthropic: 3
  ollama: { model_mappings: llama3 }
`
    const told = mistakes(() => inFile(text))
    const model = 'must be the name of a model, such as llama3.2:3b'
    expect(told.toSorted()).toEqual([
      'gateways.anthropic: 3 must hold "key: value" lines; the keys are enabled, default_model, model_mappings',
      'gateways.ollama.model_mappings: "llama3" must hold one line for each alias, such as gpt-4: llama3.3:70b',
      `gateways.openai.default_model: 7 ${model}`,
      'gateways.openai.enabeld: true stands under an unknown key; the nearest known key is enabled',
      'gateways.openai.enabled: "maybe" must be true or false',
      'gateways.openai.model_mappings.gpt 4: "gpt 4" must be 1 to 200 of the characters a-z 0-9 _ . : / @ + - and * for any text',
      `gateways.openai.model_mappings.gpt-5: ["a"] ${model}`,
      `gateways.openai.model_mappings.gpt-6: "a b" ${model}`,
    ])
  })

  test.each([
    ['{ a: x, A: y }', 'A: "y:latest" is for the same alias as a'],
    ['{ llama3: "llama3:latest" }', 'llama3: "llama3:latest" is what it would stand for itself'],
  ])('has no alias twice, and none that is its own model: %s', (text, told) => {
    expect(mistakes(() => inFile(`gateways: { openai: { model_mappings: ${text} } }`))).toEqual([
      `gateways.openai.model_mappings.${told}`,
    ])
  })

  test('has at most 1000 aliases for a gateway', () => {
    const withAliases = (count: number) => {
      const model_mappings = Object.fromEntries(
        Array.from({ length: count }, (_, i) => [`alias-${i}`, 'llama3']),
      )
      return () => inVariable(JSON.stringify({ openai: { model_mappings } }))
    }
    expect(withAliases(1000)().openai?.aliases).toHaveLength(1000)
    expect(mistakes(withAliases(1001))).toEqual([
      'gateways.openai.model_mappings: 1001 aliases are too many; a gateway has at most 1000',
    ])
  })

  test.each(['5', '[]', '"openai"', '{openai'])(
    'holds one key for each gateway, not %s',
    (text) => {
      const [only, ...others] = mistakes(() => inVariable(text))
      expect(only).toEndWith(
        'must hold one key for each gateway, such as {openai: {enabled: false}}',
      )
      expect(others).toEqual([])
    },
  )
})

test('a gateway that does not exist stops the start, with the nearest that does', () => {
  const check = (text: string) => () =>
    requireKnownGateways({ gateways: inVariable(text) }, GATEWAYS)
  expect(check('{ollama: {enabled: false}}')).not.toThrow()
  expect(check('{olama: }')).toThrow(StartupError)
  expect(check('{olama: }')).toThrow(
    'configuration: gateways.olama: there is no gateway "olama", did you mean ollama?',
  )
  expect(check('{toString: }')).toThrow('there is no gateway "toString"')
})
