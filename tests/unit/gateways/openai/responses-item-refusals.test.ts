import { describe, expect, test } from 'bun:test'
import { refused } from './response-stage.ts'

const URL = 'data:image/png;base64,iVBORw0KGgo='
const USER = { role: 'user', content: 'hi' }
const F = { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"a":1}' }

describe('an item is refused, with its place,', () => {
  const part = (part: object) => ({
    role: 'user',
    content: [{ type: 'input_text', text: '' }, part],
  })
  const KINDS =
    'must be one of message, reasoning, function_call, function_call_output, custom_tool_call, custom_tool_call_output; no other can be read'
  const KEPT = 'nothing is kept here to refer to; send the item itself'
  const JSON_TEXT = 'must be a JSON object, written as text'
  const FETCH = 'images are not fetched; send the image itself as a base64 data: URL'
  test.each([
    [{ type: 'web_search_call', id: 'ws_1', status: 'completed' }, 'type', KINDS],
    [{ type: 'computer_call_output', call_id: 'c1' }, 'type', KINDS],
    [{}, 'type', KINDS],
    [{ type: 'item_reference', id: 'msg_1' }, 'type', KEPT],
    [{ id: 'msg_1' }, 'type', KEPT],
    [{ role: 'tool', content: 'x' }, 'role', 'must be one of user, assistant, system, developer'],
    [{ type: 'message', content: 'x' }, 'role', 'must say who speaks'],
    [{ role: 'user' }, 'content', 'must be a text or a list of parts'],
    [{ role: 'assistant', content: null }, 'content', 'must be a text or a list of parts'],
    [{ ...F, call_id: null }, 'call_id', 'must be a text'],
    [{ ...F, name: undefined }, 'name', 'must be a text'],
    [{ ...F, arguments: '{"a"' }, 'arguments', JSON_TEXT],
    [{ ...F, arguments: '[]' }, 'arguments', JSON_TEXT],
    [{ type: 'custom_tool_call', call_id: 'c1', name: 'p' }, 'input', 'must be a text'],
    [{ type: 'function_call_output', output: 'x' }, 'call_id', 'must be a text'],
    [
      { type: 'function_call_output', call_id: 'c1' },
      'output',
      'must be a text or a list of parts',
    ],
    [
      part({ type: 'input_file', file_data: 'x' }),
      'content[1].type',
      'files can not be read here; send their text as input_text',
    ],
    [
      part({ type: 'text', text: 'x' }),
      'content[1].type',
      'must be input_text, output_text, input_image or refusal; no other can be read',
    ],
    [part({ type: 'input_text' }), 'content[1].text', 'must be a text'],
    [part({ type: 'refusal' }), 'content[1].refusal', 'must be a text'],
    [part({ type: 'input_image' }), 'content[1].image_url', 'must be a base64 data: URL'],
    [part({ type: 'input_image', image_url: 'https://x/y.png' }), 'content[1].image_url', FETCH],
    [
      part({ type: 'input_image', image_url: { url: URL } }),
      'content[1].image_url',
      'must be a text: a base64 data: URL',
    ],
    [
      part({ type: 'input_image', file_id: 'file_1' }),
      'content[1].file_id',
      'files are not kept here; send an image itself, as a base64 data: URL in image_url',
    ],
  ])('that is %j', (item, place, problem) => {
    const field = `input[1].${place}`
    expect(refused({ input: [USER, item] })).toEqual({ field, message: `${field}: ${problem}` })
  })

  test('with others of which none can be read', () => {
    const foreign = { type: 'reasoning', summary: [], encrypted_content: 'gAAAAABo' }
    expect(refused({ input: [foreign] })).toMatchObject({ field: 'input' })
  })

  test('that comes after two thousand others', () => {
    const input = Array.from({ length: 2001 }, () => USER)
    expect(refused({ input })).toMatchObject({ field: 'input' })
  })
})
