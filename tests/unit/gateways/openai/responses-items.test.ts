import { describe, expect, test } from 'bun:test'
import { responseDocument } from '../../../../app/gateways/openai/responses/encoder.ts'
import { chatDone, toolCall } from '../../../support/fake-ollama/records.ts'
import { toldWhole } from '../../support/told.ts'
import { chat, MODEL, messagesFor, telling } from './response-stage.ts'

const PIXEL = 'iVBORw0KGgo='
const URL = `data:image/png;base64,${PIXEL}`
const USER = { role: 'user', content: 'hi' }
const F = { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{"a":1}' }
const F_MADE = { id: 'c1', function: { index: 0, name: 'f', arguments: { a: 1 } } }
const thought = (text: string) => ({
  type: 'reasoning',
  id: 'rs_1',
  summary: [{ type: 'summary_text', text }],
})

describe('a message', () => {
  test('is told with its role, of which Ollama has no developer', () => {
    const roles = ['system', 'developer', 'user', 'assistant']
    const items = roles.map((role) => ({ type: 'message', role, content: role }))
    expect(messagesFor(...items)).toEqual([
      { role: 'system', content: 'system' },
      { role: 'system', content: 'developer' },
      { role: 'user', content: 'user' },
      { role: 'assistant', content: 'assistant' },
    ])
  })

  test('comes after the instructions, and need not say what it is', () => {
    expect(chat({ input: [USER], instructions: 'be kind' }).messages).toEqual([
      { role: 'system', content: 'be kind' },
      USER,
    ])
  })

  test('has the texts of its parts in one, and its images beside it', () => {
    const parts = [
      { type: 'input_text', text: 'what' },
      { type: 'input_image', image_url: URL, detail: 'low' },
      { type: 'input_text', text: 'is it?' },
      { type: 'input_image', image_url: URL, file_id: null },
    ]
    expect(messagesFor({ role: 'user', content: parts })).toEqual([
      { role: 'user', content: 'what\nis it?', images: [PIXEL, PIXEL] },
    ])
  })

  test('of a model is told with what it said and what it would not', () => {
    const content = [
      { type: 'output_text', text: 'so', annotations: [], logprobs: [] },
      { type: 'refusal', refusal: 'no' },
    ]
    const item = { type: 'message', id: 'msg_1', status: 'completed', role: 'assistant', content }
    expect(messagesFor(item)).toEqual([{ role: 'assistant', content: 'so\nno' }])
  })
})

describe('what a model did in one go', () => {
  test('is one message: what it thought, what it said, and its calls', () => {
    const said = { type: 'message', role: 'assistant', content: 'wait' }
    const g = { ...F, call_id: 'c2', name: 'g', arguments: '' }
    expect(messagesFor(USER, thought('hm'), said, F, g)).toEqual([
      USER,
      {
        role: 'assistant',
        content: 'wait',
        thinking: 'hm',
        tool_calls: [F_MADE, { id: 'c2', function: { index: 1, name: 'g', arguments: {} } }],
      },
    ])
    expect(messagesFor(F, said)).toEqual([
      { role: 'assistant', content: 'wait', tool_calls: [F_MADE] },
    ])
  })

  test('ends where it thinks anew, and where somebody else speaks', () => {
    const output = { type: 'function_call_output', call_id: 'c1', output: 'rain' }
    const heard = { role: 'tool', content: 'rain', tool_name: 'f', tool_call_id: 'c1' }
    const made = { role: 'assistant', content: '', tool_calls: [F_MADE] }
    expect(messagesFor(F, output, F, thought('hm'), F)).toEqual([
      made,
      heard,
      made,
      { ...made, thinking: 'hm' },
    ])
    const said = { role: 'assistant', content: 'so' }
    expect(messagesFor(said, said)).toEqual([said, said])
  })

  test('may have led to nothing', () => {
    expect(messagesFor(thought('hm'), thought('well'), USER, thought('so'))).toEqual([
      { role: 'assistant', content: '', thinking: 'hm\n\nwell' },
      USER,
      { role: 'assistant', content: '', thinking: 'so' },
    ])
  })

  test('is what was answered, when all of that is handed back', () => {
    const message = { thinking: 'hm 😀', content: 'wait', tool_calls: [toolCall(0, 'f', { a: 1 })] }
    const include = ['reasoning.encrypted_content']
    const answer = toldWhole(responseDocument(telling({ include })), chatDone(MODEL, {}, message))
    const { output } = answer as { output: { type: string; summary?: unknown }[] }
    const expected = { role: 'assistant', ...message }
    expect(messagesFor(...output)).toEqual([expected])
    // Some clients hand back nothing but what they can't look into.
    const withoutSummary = output.map((item) => (item.summary ? { ...item, summary: [] } : item))
    expect(messagesFor(...withoutSummary)).toEqual([expected])
  })
})

describe('what was thought', () => {
  test('is read in full where that is given, else in its summary', () => {
    const content = [{ type: 'reasoning_text', text: 'hm' }]
    expect(messagesFor({ ...thought('so'), content })).toMatchObject([{ thinking: 'hm' }])
    expect(messagesFor({ ...thought('so'), content: null })).toMatchObject([{ thinking: 'so' }])
  })

  test('is left out where only OpenAI can read it', () => {
    const foreign = { type: 'reasoning', summary: [], encrypted_content: 'gAAAAABo' }
    expect(messagesFor(foreign, USER)).toEqual([USER])
  })
})

describe('what a tool said', () => {
  test('is told with the name of the tool, as far as it is known', () => {
    const output = [
      { type: 'input_text', text: 'rain' },
      { type: 'input_image', image_url: URL },
    ]
    const item = { type: 'function_call_output', call_id: 'c1', output }
    const told = { role: 'tool', content: 'rain', images: [PIXEL], tool_call_id: 'c1' }
    expect(messagesFor(item)).toEqual([told])
    expect(messagesFor(F, item).at(1)).toEqual({ ...told, tool_name: 'f' })
  })

  test('may be that of a tool that takes any text, or of one in a group', () => {
    const custom = { type: 'custom_tool_call', call_id: 'c1', name: 'patch', input: '*** Begin' }
    const grouped = { ...F, call_id: 'c2', name: 'read', namespace: 'files' }
    const outputs = [
      { type: 'custom_tool_call_output', call_id: 'c1', output: 'done' },
      { type: 'function_call_output', call_id: 'c2', output: '' },
    ]
    expect(messagesFor(custom, grouped, ...outputs)).toEqual([
      {
        role: 'assistant',
        content: '',
        tool_calls: [
          { id: 'c1', function: { index: 0, name: 'patch', arguments: { input: '*** Begin' } } },
          { id: 'c2', function: { index: 1, name: 'files.read', arguments: { a: 1 } } },
        ],
      },
      { role: 'tool', content: 'done', tool_name: 'patch', tool_call_id: 'c1' },
      { role: 'tool', content: '', tool_name: 'files.read', tool_call_id: 'c2' },
    ])
  })
})
