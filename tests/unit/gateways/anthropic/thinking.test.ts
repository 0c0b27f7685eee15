import { describe, expect, test } from 'bun:test'
import { thinkFor } from '../../../../app/gateways/anthropic/thinking.ts'
import { decoded } from './decode.ts'

const effort = (level: string) => ({ output_config: { effort: level } })
const THINKER = ['completion', 'thinking']
const OTHER = ['completion']

/** What a model that can do this is told about thinking. */
const told = (change: object, capabilities: readonly string[] | null) =>
  thinkFor(decoded(change), capabilities)

describe('what a model that can think is told of it', () => {
  test.each([
    [true, { thinking: { type: 'enabled', budget_tokens: 1024 } }],
    [true, { thinking: { type: 'enabled' }, ...effort('low') }],
    [false, { thinking: { type: 'disabled' }, ...effort('max') }],
    [false, { thinking: { type: 'between_tools' }, ...effort('low') }],
    [undefined, { thinking: { type: 'adaptive' } }],
    ['high', { thinking: { type: 'adaptive' }, ...effort('high') }],
    ['low', effort('low')],
    ['medium', effort('medium')],
    ['max', effort('xhigh')],
    ['max', effort('max')],
  ] as const)('is %p for %j, as far as anybody knows what it can', (think, change) => {
    expect(told(change, THINKER)).toBe(think)
    expect(told(change, null)).toBe(think)
  })

  test.each([{}, { thinking: null }, { thinking: null, output_config: { effort: null } }])(
    'is not to do it for %j: nobody expects it',
    (change) => {
      expect(told(change, THINKER)).toBe(false)
    },
  )
})

test.each([
  { thinking: { type: 'enabled', budget_tokens: 1024 } },
  { thinking: { type: 'adaptive' } },
  effort('high'),
  {},
])('a model that can not think is told nothing of it for %j', (change) => {
  expect(told(change, OTHER)).toBeUndefined()
})

test('a model of which nobody knows whether it thinks is told nothing unasked', () => {
  expect(told({}, null)).toBeUndefined()
})

test.each<[boolean, object]>([
  [true, { thinking: { type: 'adaptive' } }],
  [true, { thinking: { type: 'enabled', display: 'summarized' } }],
  [true, { thinking: { type: 'enabled', display: null } }],
  [true, effort('low')],
  [false, { thinking: { type: 'enabled', display: 'omitted' } }],
  [false, { thinking: { type: 'disabled' } }],
  [false, { thinking: { type: 'between_tools' } }],
  [false, {}],
])(
  'that thoughts are told, of a model that thinks whatever it is told, is %p for %j',
  (tells, change) => {
    expect(decoded(change).tellsThinking).toBe(tells)
  },
)
