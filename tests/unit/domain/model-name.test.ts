import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { modelPattern, parseModelName } from '../../../app/domain/model-name.ts'

const canonical = (text: string): string | undefined => parseModelName(text)?.canonical

describe('the spellings of one model', () => {
  test.each([
    'x',
    'X',
    'x:latest',
    'X:LATEST',
    ' x ',
    '\tx:latest\n',
    'library/x',
    'Library/X',
    'registry.ollama.ai/library/x',
    'registry.ollama.ai/library/x:latest',
    'REGISTRY.ollama.AI/library/x:Latest',
    'https://registry.ollama.ai/library/x:latest',
    'http://registry.ollama.ai/library/x',
    'x:local',
    'x:LOCAL',
    'x:latest:local',
    'registry.ollama.ai/library/x:latest:local',
  ])('%j is x:latest', (text) => {
    expect(parseModelName(text)).toEqual({ canonical: 'x:latest', cloud: false })
  })

  test.each([
    ['llama3.1:8b', 'llama3.1:8b'],
    ['x:7b', 'x:7b'],
    ['alice/x', 'alice/x:latest'],
    ['registry.ollama.ai/alice/x', 'alice/x:latest'],
    ['hf.co/bartowski/Llama-3.2-1B-GGUF:Q4_K_M', 'hf.co/bartowski/llama-3.2-1b-gguf:q4_k_m'],
    ['localhost:5000/library/x', 'localhost:5000/library/x:latest'],
    ['registry.ollama.ai:443/library/x', 'registry.ollama.ai:443/library/x:latest'],
  ])('%j is another model, %j', (text, expected) => {
    expect(canonical(text)).toBe(expected)
  })
})

describe('where a model runs', () => {
  test.each([
    ['x:cloud', 'x:cloud'],
    ['X:CLOUD', 'x:cloud'],
    ['x:120b-cloud', 'x:120b-cloud'],
    ['x:120b-Cloud', 'x:120b-cloud'],
    ['x:120b:cloud', 'x:120b-cloud'],
    ['library/x:cloud', 'x:cloud'],
    ['registry.ollama.ai/library/x:cloud', 'x:cloud'],
    ['https://registry.ollama.ai/library/x:cloud', 'x:cloud'],
    ['alice/x:cloud', 'alice/x:cloud'],
    ['x:cloud:cloud', 'x:cloud'],
  ])('%j leaves the machine, as %j', (text, expected) => {
    expect(parseModelName(text)).toEqual({ canonical: expected, cloud: true })
  })

  test.each(['x:local', 'cloud', 'cloud/x', 'my-cloud', 'x-cloud:7b', 'x:cloudy', 'x:cloud-7b'])(
    '%j stays on the machine',
    (text) => {
      expect(parseModelName(text)?.cloud).toBe(false)
    },
  )

  test.each(['x:local:cloud', 'x:cloud:local', 'x:7b:Local:CLOUD', 'x:cloud:local:cloud'])(
    '%j is contradictory and refused',
    (text) => {
      expect(parseModelName(text)).toBeNull()
    },
  )
})

const NOT_NAMES = [
  '',
  ' ',
  ':',
  ':latest',
  'x:',
  'x:7b:8b',
  'x y',
  'x\u0000',
  'x\ny',
  '/x',
  'x/',
  'a//x',
  'a/b/c/d',
  '-x',
  '.x',
  '../x',
  'a/../x',
  'x:..',
  'x@sha256:0',
  'x%2fy',
  'x?y',
  'x*',
  'é',
  'ｘ',
  'x'.repeat(81),
  `x:${'7'.repeat(81)}`,
  `${'h'.repeat(351)}/library/x`,
  'x'.repeat(1_000_000),
]

test('what Ollama would refuse is not a name', () => {
  for (const text of NOT_NAMES) {
    const shown = text.slice(0, 40)
    expect([shown, parseModelName(text)]).toEqual([shown, null])
  }
})

test('letters that only fold to ASCII are not taken for it: Ollama refuses them', () => {
  for (const text of ['\u212Aimi', 'x:\u212A', 'mi\u017Ftral']) {
    expect([text, canonical(text)]).toEqual([text, undefined])
  }
})

const part = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,8}$/)
const suffix = fc.constantFrom('', ':local', ':LOCAL', ':cloud', ':Cloud', '-cloud')
const name = fc
  .tuple(
    fc.constantFrom('', 'https://', 'HTTP://'),
    fc.option(fc.oneof(part, fc.constant('registry.ollama.ai'), fc.constant('h:1')), { nil: '' }),
    fc.option(fc.oneof(part, fc.constant('library')), { nil: '' }),
    part,
    fc.option(fc.oneof(part, fc.constant('latest')), { nil: '' }),
    suffix,
  )
  .map(([scheme, host, namespace, model, tag, end]) => {
    const owner = namespace ? `${host && `${host}/`}${namespace}/` : ''
    return `${scheme}${owner}${model}${tag && `:${tag}`}${end}`
  })

test('the canonical name of a canonical name is itself, and is as local as it was', () => {
  fc.assert(
    fc.property(fc.oneof(name, fc.string()), (text) => {
      const parsed = parseModelName(text)
      if (parsed) expect(parseModelName(parsed.canonical)).toEqual(parsed)
    }),
    { numRuns: 2000 },
  )
})

test('case, surrounding space and :local never make another model', () => {
  fc.assert(
    fc.property(name, fc.mixedCase(fc.constant(':local')), (text, local) => {
      const parsed = parseModelName(text)
      expect(parseModelName(` ${text.toUpperCase()}\t`)).toEqual(parsed)
      if (parsed && !parsed.cloud) expect(parseModelName(text + local)).toEqual(parsed)
    }),
  )
})

test('a pattern that is a name matches every spelling of the model', () => {
  fc.assert(
    fc.property(name, (text) => {
      const parsed = parseModelName(text)
      if (parsed) expect(modelPattern(text)(parsed.canonical)).toBe(true)
    }),
  )
})

test('a name longer than any that Ollama takes is none, and costs no time', () => {
  expect(parseModelName(`x${':local'.repeat(1_000_000)}`)).toBeNull()
})
