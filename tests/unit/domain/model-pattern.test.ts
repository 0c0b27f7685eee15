import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { modelPattern } from '../../../app/domain/model-name.ts'

describe('a pattern', () => {
  test.each([
    ['*', 'x:latest', true],
    ['*', 'hf.co/a/x:cloud', true],
    ['llama3', 'llama3:latest', true],
    [' LLama3 ', 'llama3:latest', true],
    ['library/llama3:latest', 'llama3:latest', true],
    ['llama3', 'llama3:8b', false],
    ['llama3', 'llama3.1:latest', false],
    ['llama3*', 'llama3.1:8b', true],
    ['llama3*', 'my-llama3:8b', false],
    ['llama3:*', 'llama3.1:8b', false],
    ['*:7b', 'x:7b', true],
    ['*:7b', 'x:17b', false],
    ['alice/*', 'alice/x:latest', true],
    ['alice/*', 'x:latest', false],
    ['a*b*c', 'axbxc', true],
    ['a*b*c', 'axcxb', false],
    ['a*a', 'a', false],
    ['ab*ba', 'aba', false],
    ['*b*', 'abc', true],
    ['a**c', 'ac', true],
    ['*a*b', 'b:ab', true],
    ['l.ama*', 'llama3:latest', false],
    ['(x|y)*', 'x:latest', false],
    ['', 'x:latest', false],
    ['no name!', 'x:latest', false],
  ])('%j matches %j: %j', (pattern, model, matches) => {
    expect(modelPattern(pattern)(model)).toBe(matches)
  })
})

test('a pattern of nothing but stars costs no time', () => {
  const matches = modelPattern(`${'*a'.repeat(300)}*b`)
  expect(matches('a'.repeat(600))).toBe(false)
  expect(matches(`${'a'.repeat(599)}b`)).toBe(true)
})

test('a pattern matches what the regular expression it stands for matches', () => {
  const text = fc.stringMatching(/^[ab:]{0,12}$/)
  fc.assert(
    fc.property(fc.stringMatching(/^[ab:*]{0,8}\*[ab:]{0,4}$/), text, (pattern, name) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '.*')}$`)
      expect(modelPattern(pattern)(name)).toBe(expression.test(name))
    }),
    { numRuns: 5000 },
  )
})
