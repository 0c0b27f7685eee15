import { describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { fieldPath } from '../../../app/domain/field-path.ts'
import { chatRequest } from '../../../app/domain/native.ts'
import { refuseCaseVariants } from '../../../app/middleware/known-fields.ts'

const part = z.object({ type: z.literal('text'), text: z.string() })
const schema = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: z.union([z.string(), z.array(part)]) })),
  options: z.record(z.string(), z.unknown()).nullish(),
  format: z.object({ type: z.string() }).nullish(),
})
const check = refuseCaseVariants(schema)

describe('a field that differs from a known one in case only', () => {
  test.each([
    [{ Model: 'x' }, 'unknown field "Model"; write it as "model"', 'Model'],
    [
      { messages: [{ role: 'user' }, { Role: 'user' }] },
      'messages[1]: unknown field "Role"; write it as "role"',
      'messages[1].Role',
    ],
    [
      { messages: [{ content: [{ type: 'text', TEXT: 'x' }] }] },
      'messages[0].content[0]: unknown field "TEXT"; write it as "text"',
      'messages[0].content[0].TEXT',
    ],
    [{ format: { tYpe: 'x' } }, 'format: unknown field "tYpe"; write it as "type"', 'format.tYpe'],
    [
      { messages: [{ '\u017Fcontent': 1, content: 'x' }], 'me\u017F\u017Fages': [] },
      'unknown field "me\u017F\u017Fages"; write it as "messages"',
      'me\u017F\u017Fages',
    ],
  ])('is refused with its path: %j', (body, message, field) => {
    expect(() => check(body)).toThrow(expect.objectContaining({ message, field, status: 400 }))
  })

  test('is refused beside the right one as well', () => {
    expect(() => check({ model: 'allowed', MODEL: 'secret' })).toThrow('write it as "model"')
  })
})

test.each([
  [{ model: 'x', extra: 1, messages: [{ role: 'user', content: 'Role' }] }],
  [{ options: { NUM_CTX: 1, Type: 2 } }],
  [{ messages: 'no list', format: null, options: [] }],
  [{ messages: [null, 1, 'x', []] }],
])('what is right, unknown or no object is left to others: %j', (body) => {
  check(body)
})

test('the fields of messages and tool calls are watched in native chats', () => {
  const watch = refuseCaseVariants(chatRequest)
  expect(() => watch({ messages: [{ Content: 'x' }] })).toThrow('messages[0]')
  const calls = [{ function: { name: 'f', Arguments: {} } }]
  expect(() => watch({ messages: [{ tool_calls: calls }] })).toThrow(
    'messages[0].tool_calls[0].function: unknown field "Arguments"',
  )
  watch({ messages: [{ tool_calls: [{ function: { name: 'f', arguments: { Name: 1 } } }] }] })
})

test('paths are written as people write them', () => {
  expect(fieldPath(['messages', 0, 'content', 12, 'text'])).toBe('messages[0].content[12].text')
  expect(fieldPath([])).toBe('')
})
