import { describe, expect, test } from 'bun:test'
import { withAskedName } from '../../../app/gateways/asked-name.ts'

const ALIASED = { model: 'llama3.2:3b', askedModel: 'gpt-4' }

describe('a text of Ollama about a model that was asked for by another name', () => {
  test.each([
    ['"llama3.2:3b" does not support thinking', '"gpt-4" does not support thinking'],
    ["model 'llama3.2:3b' not found", "model 'gpt-4' not found"],
    [
      'registry.ollama.ai/library/llama3.2:3b does not support tools',
      'gpt-4 does not support tools',
    ],
    ['llama3.2:3b: out of memory; llama3.2:3b.', 'gpt-4: out of memory; gpt-4.'],
    ['cannot load model=llama3.2:3b (library/llama3.2:3b)', 'cannot load model=gpt-4 (gpt-4)'],
  ])('has that name in it: %s', (text, expected) => {
    expect(withAskedName(text, ALIASED)).toBe(expected)
  })

  test.each([
    ['anna/tiny:7b', 'registry.ollama.ai/anna/tiny:7b is broken', 'gpt-4 is broken'],
    ['hf.co/anna/tiny:Q4_K_M', '"hf.co/anna/tiny:Q4_K_M" is broken', '"gpt-4" is broken'],
    ['gpu-1:5000/anna/tiny:7b', 'gpu-1:5000/anna/tiny:7b is broken', 'gpt-4 is broken'],
  ])('has it in the place of %s too', (model, text, expected) => {
    expect(withAskedName(text, { model, askedModel: 'gpt-4' })).toBe(expected)
  })

  test.each([
    'llama3.2:3b-instruct is another one',
    'llama3.2:3b.1 is another one',
    'llama3x2:3b is another one',
    'my-llama3.2:3b and anna/llama3.2:3b are others',
    'registry.ollama.ai/anna/llama3.2:3b is another one',
    'it has no name',
  ])('is left as it is where it names others: %s', (text) => {
    expect(withAskedName(text, ALIASED)).toBe(text)
  })

  test('has the name as it is, whatever it is made of, as far as names are told', () => {
    const asked = (askedModel: string) => withAskedName('"m:1"', { model: 'm:1', askedModel })
    expect(asked('$&$1\\')).toBe('"$&$1\\"')
    expect(asked('x'.repeat(1000))).toBe(`"${'x'.repeat(200)}"`)
  })
})

test.each([
  { model: 'llama3.2:3b', askedModel: 'llama3.2:3b' },
  { model: null, askedModel: '' },
])('a text of Ollama is left as it is for %j', (call) => {
  const text = 'registry.ollama.ai/library/llama3.2:3b does not support insert'
  expect(withAskedName(text, call)).toBe(text)
})
