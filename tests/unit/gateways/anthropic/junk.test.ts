import { expect, test } from 'bun:test'
import { decoded, PIXEL, SMALLEST, tool } from './decode.ts'
import { refusal } from './refusal.ts'

/** A message that has about everything that one can have. */
const FULL = {
  ...SMALLEST,
  system: [{ type: 'text', text: 'Be brief.' }],
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'hi' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
        {
          type: 'document',
          source: { type: 'text', data: 'x' },
          title: 'x',
          context: 'x',
          citations: { enabled: false },
        },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm' },
        { type: 'redacted_thinking' },
        { type: 'tool_use', id: '1', name: 'f', input: {} },
      ],
    },
    {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id: '1',
          content: [{ type: 'text', text: 'x' }],
          is_error: false,
        },
      ],
    },
    { role: 'system', content: 'x' },
  ],
  tools: [{ ...tool('f'), type: 'custom', description: 'x' }],
  tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true },
  thinking: { type: 'adaptive', display: 'omitted' },
  output_config: { effort: 'low', format: { type: 'json_schema', schema: {} } },
  output_format: { type: 'json_schema', schema: {} },
  mcp_servers: [],
  container: {},
  compaction: {},
  fallbacks: [],
  stream: false,
  temperature: 1,
  top_p: 1,
  top_k: 1,
  stop_sequences: ['x'],
}
const JUNK = [undefined, null, true, -1.5, '', 'junk', [], [[]], ['junk'], [null], {}, { junk: 1 }]

/** The same value over and over, each time with junk at another place. */
function* withJunk(value: unknown): Generator<unknown> {
  yield* JUNK
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    for (const junk of withJunk(inner)) {
      yield Array.isArray(value) ? value.with(Number(key), junk) : { ...value, [key]: junk }
    }
  }
}

test('wherever there is junk, what is said of it says what would be right', () => {
  expect(refusal(() => decoded(FULL))).toBeNull()
  const bodies = [...withJunk(FULL)].filter((body) => typeof body === 'object')
  const refusals = bodies.flatMap((body) => refusal(() => decoded(body ?? {})) ?? [])
  expect(refusals.length).toBeGreaterThan(500)
  for (const { status, field, message } of refusals) {
    expect(status).toBe(400)
    expect(message).toStartWith(`${field}: `)
    expect(message).not.toMatch(/none of the forms|invalid|expected/i)
  }
})
