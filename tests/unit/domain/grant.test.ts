import { describe, expect, test } from 'bun:test'
import { isPermitted, mayUseModel } from '../../../app/domain/grant.ts'
import { modelPattern, parseModelName } from '../../../app/domain/model-name.ts'
import { principal } from '../support/principal.ts'

const mayUse = (patterns: readonly string[], permissions: readonly string[], model: string) => {
  const name = parseModelName(model)
  const grant = { permissions: new Set(permissions), models: patterns.map(modelPattern) }
  return name !== null && mayUseModel(grant, name)
}

test('what is not granted is not permitted', () => {
  const grant = principal({ permissions: new Set(['gateway:ollama', 'usage:read']) })
  expect(isPermitted(grant, 'usage:read')).toBe(true)
  expect(isPermitted(grant, 'users:manage')).toBe(false)
  expect(isPermitted(principal({ permissions: new Set() }), 'gateway:ollama')).toBe(false)
})

describe('a model may be used', () => {
  test.each([
    ['when a pattern covers it', ['llama*'], [], 'llama3', true],
    ['when one of several patterns covers it', ['qwen*', 'llama3'], [], 'llama3:latest', true],
    ['not when none covers it', ['qwen*', 'llama3'], [], 'llama3:8b', false],
    ['not when there are no patterns', [], [], 'llama3', false],
    ['not in the cloud without cloud:use', ['*'], [], 'x:cloud', false],
    ['not in the cloud without cloud:use, by its tag', ['*'], [], 'x:120b-cloud', false],
    ['not in the cloud though its name is granted', ['x:cloud'], [], 'x:cloud', false],
    ['in the cloud with cloud:use', ['*'], ['cloud:use'], 'x:cloud', true],
    ['not in the cloud with cloud:use but without a pattern', [], ['cloud:use'], 'x:cloud', false],
  ])('%s', (_, patterns, permissions, model, expected) => {
    expect(mayUse(patterns, permissions, model)).toBe(expected)
  })

  test('in every spelling or in none', () => {
    const spellings = ['x', 'x:latest', 'X', ' x ', 'library/x', 'x:local']
    for (const spelling of [...spellings, 'registry.ollama.ai/library/x:latest']) {
      expect([spelling, mayUse(['x'], [], spelling)]).toEqual([spelling, true])
      expect([spelling, mayUse(['y', 'x:7b'], [], spelling)]).toEqual([spelling, false])
    }
  })
})
