import { describe, expect, test } from 'bun:test'
import { MAX_SCHEMA_BYTES } from '../../../../app/domain/native.ts'
import { decoded, tool } from './decode.ts'
import { refusal, refused } from './refusal.ts'

const SCHEMA = { type: 'object', properties: { colour: { type: 'string' } } }
const [WEATHER, CLOCK] = [tool('weather'), tool('clock')]

const native = (name: string) => ({
  type: 'function',
  function: { name, parameters: { type: 'object' } },
})

describe('tools', () => {
  const offered = (choice?: object) =>
    decoded({ tools: [WEATHER, CLOCK], ...(choice && { tool_choice: choice }) }).chat.tools

  test('are told in the words of Ollama', () => {
    const told = decoded({
      tools: [
        {
          type: 'custom',
          name: 'weather',
          description: 'in a city',
          input_schema: SCHEMA,
          cache_control: { type: 'ephemeral' },
          strict: true,
        },
      ],
    })
    expect(told.chat.tools).toEqual([
      {
        type: 'function',
        function: { name: 'weather', description: 'in a city', parameters: SCHEMA },
      },
    ])
  })

  test.each([
    ['nothing', undefined, ['weather', 'clock']],
    ['auto', { type: 'auto' }, ['weather', 'clock']],
    ['any', { type: 'any' }, ['weather', 'clock']],
    ['one of them', { type: 'tool', name: 'clock' }, ['clock']],
  ])('are those that fit the choice: %s', (_, choice, names) => {
    expect(offered(choice)).toEqual(names.map(native))
  })

  test('are none when none may be called, or none are there', () => {
    expect('tools' in decoded({ tools: [WEATHER], tool_choice: { type: 'none' } }).chat).toBe(false)
    expect('tools' in decoded({ tools: [] }).chat).toBe(false)
    expect('tools' in decoded({ tools: null, tool_choice: null }).chat).toBe(false)
  })

  test('are called one at a time when that is asked for', () => {
    const parallel = (choice: object) =>
      decoded({ tools: [CLOCK], tool_choice: choice }).callsInParallel
    expect(parallel({ type: 'auto', disable_parallel_tool_use: true })).toBe(false)
    expect(parallel({ type: 'any', disable_parallel_tool_use: false })).toBe(true)
    expect(parallel({ type: 'any' })).toBe(true)
  })
})

describe('a tool that is too large is refused by its place among those that were given', () => {
  const text = 'x'.repeat(MAX_SCHEMA_BYTES)
  const LARGE = { ...tool('large'), input_schema: { type: 'object', description: text } }
  const WORDY = { ...tool('wordy'), description: text }

  test.each([
    ['nothing', undefined],
    ['none', { type: 'none' }],
    ['the large one', { type: 'tool', name: 'large' }],
    ['another', { type: 'tool', name: 'clock' }],
  ])('when %s is chosen', (_, tool_choice) => {
    const found = refusal(() => decoded({ tools: [WEATHER, CLOCK, LARGE], tool_choice }))
    expect(found).toEqual(refused('tools[2].input_schema', `at most ${MAX_SCHEMA_BYTES} bytes`))
  })

  test('when it is not its schema that is', () => {
    const tool_choice = { type: 'tool', name: 'wordy' }
    const found = refusal(() => decoded({ tools: [CLOCK, WORDY], tool_choice }))
    expect(found).toEqual(refused('tools[1]', `at most ${MAX_SCHEMA_BYTES} bytes`))
  })
})
