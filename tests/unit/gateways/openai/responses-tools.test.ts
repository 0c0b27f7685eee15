import { describe, expect, test } from 'bun:test'
import { chatChunk, chatDone, toolCall } from '../../../support/fake-ollama/records.ts'
import { chat, eventsFor, MODEL, read, steps } from './response-stage.ts'

const f = { type: 'function', name: 'f', description: 'does', parameters: { type: 'object' } }
const g = { type: 'function', name: 'g' }
const patch = {
  type: 'custom',
  name: 'patch',
  description: 'changes files',
  format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' },
}
const files = { type: 'namespace', name: 'files', description: 'of the user', tools: [f, patch] }
const EVERY = [f, g, patch, files]

const offered = (change: object) =>
  (chat(change).tools ?? []).map((tool) => (tool.function as { name: string }).name)

describe('the tools that a model is told of', () => {
  test('are the functions that were given, whether strict or not', () => {
    expect(chat({ tools: [{ ...f, strict: true }, g] }).tools).toEqual([
      {
        type: 'function',
        function: { name: 'f', description: 'does', parameters: { type: 'object' } },
      },
      { type: 'function', function: { name: 'g', parameters: { type: 'object', properties: {} } } },
    ])
    expect(chat({ tools: [] })).not.toHaveProperty('tools')
  })

  test('are functions of one text for those that take any text', () => {
    expect(chat({ tools: [patch] }).tools).toEqual([
      {
        type: 'function',
        function: {
          name: 'patch',
          description: 'changes files\n\nIts input has this lark grammar:\nstart: "x"',
          parameters: {
            type: 'object',
            properties: { input: { type: 'string', description: 'The whole input of the tool.' } },
            required: ['input'],
          },
        },
      },
    ])
  })

  test('have the name of their group before their own', () => {
    expect(offered({ tools: EVERY })).toEqual(['f', 'g', 'patch', 'files.f', 'files.patch'])
  })

  test.each([true, false])(
    'are not those that Codex sends unasked, of which the answer knows nothing either: %p',
    (external_web_access) => {
      const tools = [{ type: 'web_search', external_web_access }, f]
      expect(offered({ tools })).toEqual(['f'])
      expect(read({ tools }).echo.tools).toEqual([{ ...f, strict: null }])
    },
  )

  test.each([
    ['auto', ['f', 'g', 'patch', 'files.f', 'files.patch']],
    ['required', ['f', 'g', 'patch', 'files.f', 'files.patch']],
    ['none', []],
    [{ type: 'function', name: 'g' }, ['g']],
    [{ type: 'custom', name: 'patch' }, ['patch']],
    [{ type: 'function', name: 'f', namespace: 'files' }, ['files.f']],
    [
      { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }, patch] },
      ['f', 'patch'],
    ],
  ])('are those of the choice %j', (tool_choice, names) => {
    expect(offered({ tools: EVERY, tool_choice })).toEqual(names)
  })
})

describe('a call', () => {
  const tell = (name: string, args: object) =>
    steps([chatChunk(MODEL, { tool_calls: [toolCall(0, name, args)] }), chatDone(MODEL)], {
      tools: EVERY,
    })

  test('of a tool that takes any text is told with that text', async () => {
    const item = {
      id: 'ctc_1',
      type: 'custom_tool_call',
      status: 'completed',
      call_id: 'call_ab12cd30',
      name: 'patch',
      input: '*** Begin',
    }
    const place = { item_id: 'ctc_1', output_index: 0 }
    const events = 'response.custom_tool_call_input'
    expect(await tell('patch', { input: '*** Begin' })).toEqual([
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { ...item, status: 'in_progress', input: '' },
      },
      { type: `${events}.delta`, ...place, delta: '*** Begin' },
      { type: `${events}.done`, ...place, name: 'patch', input: '*** Begin' },
      { type: 'response.output_item.done', output_index: 0, item },
    ])
  })

  test.each([
    [{ input: '' }, ''],
    [{ text: 'x' }, '{"text":"x"}'],
    [{ input: { a: 1 } }, '{"input":{"a":1}}'],
  ])('of such a tool with %j is told with what there is', async (args, input) => {
    expect((await tell('patch', args)).at(-1)).toMatchObject({ item: { input } })
  })

  test('of a tool in a group is told with the name of the group apart', async () => {
    expect((await tell('files.f', {})).at(-1)).toMatchObject({
      item: { type: 'function_call', name: 'f', namespace: 'files', arguments: '{}' },
    })
    expect((await tell('files.patch', { input: 'x' })).at(-1)).toMatchObject({
      item: { type: 'custom_tool_call', name: 'patch', namespace: 'files', input: 'x' },
    })
  })

  test('of a tool that nobody gave is told as a function', async () => {
    const last = (await tell('h.i', { a: 1 })).at(-1)
    expect(last).toMatchObject({
      item: { type: 'function_call', name: 'h.i', arguments: '{"a":1}' },
    })
    expect(last?.item).not.toHaveProperty('namespace')
  })
})

test('an answer repeats the tools that it was made with, and the choice', async () => {
  const tool_choice = { type: 'custom', name: 'patch' }
  const [created] = await eventsFor([chatDone(MODEL)], { tools: EVERY, tool_choice })
  expect(created?.response).toMatchObject({
    tool_choice,
    tools: [f, { ...g, description: null, parameters: null, strict: null }, patch, files],
  })
})
