import { expect, test } from 'bun:test'
import { possibleThinking } from '../../../app/gateways/possible-thinking.ts'

test('to think is asked only of a model that can, or of which nobody knows whether it can', () => {
  for (const think of [true, 'high'] as const) {
    expect(possibleThinking(think, ['completion'])).toBeUndefined()
    expect(possibleThinking(think, ['completion', 'thinking'])).toBe(think)
    expect(possibleThinking(think, null)).toBe(think)
  }
})

test('not to think may be asked of every model', () => {
  for (const capabilities of [['completion'], ['thinking'], null]) {
    expect(possibleThinking(false, capabilities)).toBe(false)
    expect(possibleThinking(undefined, capabilities)).toBeUndefined()
  }
})
