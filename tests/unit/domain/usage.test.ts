import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { estimatePromptTokens, textBytes } from '../../../app/domain/usage.ts'

test('a prompt that nobody counted is estimated in whole tokens, none only for no bytes', () => {
  expect([0, 1, 3, 4, 3000].map(estimatePromptTokens)).toEqual([0, 1, 1, 2, 1000])
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (one, two) => {
      const [small, large] = [Math.min(one, two), Math.max(one, two)]
      expect(Number.isSafeInteger(estimatePromptTokens(large))).toBe(true)
      expect(estimatePromptTokens(small)).toBeLessThanOrEqual(estimatePromptTokens(large))
    }),
  )
})

test('text is measured in bytes of UTF-8, and what is missing is none', () => {
  expect(textBytes([])).toBe(0)
  expect(textBytes(['abc', undefined, '', 'é', '日本', '😀'])).toBe(3 + 2 + 6 + 4)
})
