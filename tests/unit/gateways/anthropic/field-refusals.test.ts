import { describe, expect, test } from 'bun:test'
import { decoded, decodedPrompt, nativeUser, tool } from './decode.ts'
import { refusal, refused } from './refusal.ts'

const BLOCK = 'messages[0].content[1]'
const IMAGE = { type: 'image', source: { type: 'url', url: 'https://h/x.png' } }
const PDF = { type: 'document', source: { type: 'base64', data: 'x' } }

describe('a field is refused with its path', () => {
  const tools = [tool('weather')]

  test.each<[string, string, object]>([
    ['max_tokens', 'is required', { max_tokens: undefined }],
    ['max_tokens', 'must be at least 1', { max_tokens: 0 }],
    ['max_tokens', 'must be a whole number', { max_tokens: 1.5 }],
    ['max_tokens', 'must be a number', { max_tokens: '16' }],
    ['max_tokens', 'must be a number', { max_tokens: null, messages: [] }],
    ['model', 'must be a text', { model: 5, max_tokens: null }],
    ['messages', 'is required', { messages: undefined }],
    ['messages', 'must be a list', { messages: 'hi' }],
    ['messages', 'must hold at least one message', { messages: [] }],
    ['messages', 'at most 2000', { messages: Array(2001).fill({ role: 'user', content: 'x' }) }],
    ['messages[0]', 'must be an object', { messages: ['hi'] }],
    ['messages[0].role', 'must be user, assistant or system', { messages: [{ content: 'hi' }] }],
    ['messages[0].role', 'must be user, assistant', { messages: [{ role: 'tool', content: '' }] }],
    ['messages[0].content', 'must be a text or a list of at', { messages: [{ role: 'user' }] }],
    [
      'messages[0].content',
      'must be a text or a list of at most 1000 blocks',
      { messages: [{ role: 'user', content: Array(1001).fill({ type: 'text', text: '' }) }] },
    ],
    [
      'messages[0].content[0].type',
      'must be text',
      { messages: [{ role: 'system', content: [IMAGE] }] },
    ],
    ['system', 'must be a text or a list of at most 1000 blocks', { system: 5 }],
    ['system[0].type', 'must be text', { system: [IMAGE] }],
    ['stream', 'must be true or false', { stream: 'yes' }],
    ['temperature', 'must be a number', { temperature: 'hot' }],
    ['top_k', 'must be a whole number', { top_k: 1.5 }],
    ['stop_sequences', 'must be a list', { stop_sequences: 'END' }],
    ['stop_sequences[0]', 'must be a text', { stop_sequences: [1] }],
    ['tools', 'must be a list', { tools: {} }],
    ['tools', 'at most 256 tools', { tools: Array(257).fill(tool('f')) }],
    [
      'tools[0].type',
      'must be "custom" or left out; tools that only Anthropic\'s servers run are not offered here',
      { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
    ],
    ['tools[1].type', 'must be', { tools: [...tools, { type: 'bash_20250124', name: 'bash' }] }],
    ['tools[0].input_schema', 'is required', { tools: [{ name: 'f' }] }],
    ['tools[0].input_schema', 'must be an', { tools: [{ ...tool('f'), input_schema: [] }] }],
    ['tools[0].name', 'must not be empty', { tools: [tool('')] }],
    ['tool_choice', 'must be an object', { tools, tool_choice: 'auto' }],
    ['tool_choice.type', 'must be auto, any, tool', { tools, tool_choice: { type: 'required' } }],
    ['tool_choice.name', 'must be the name of one of', { tools, tool_choice: { type: 'tool' } }],
    ['tool_choice.name', 'must be the name', { tools, tool_choice: { type: 'tool', name: 'x' } }],
    ['tool_choice', 'there are no tools to choose', { tool_choice: { type: 'tool', name: 'x' } }],
    ['tool_choice', 'there are no tools to choose', { tools: [], tool_choice: { type: 'any' } }],
    ['tool_choice', 'there are no tools to choose', { tools: null, tool_choice: { type: 'any' } }],
    ['thinking.type', 'must be one of enabled, disabled', { thinking: { type: 'hard' } }],
    ['thinking.display', 'must be summarized', { thinking: { type: 'adaptive', display: 'all' } }],
    ['output_config.effort', 'must be one of low, medium', { output_config: { effort: 'huge' } }],
    ['output_config.format.type', 'must be "json', { output_config: { format: { type: 'json' } } }],
    ['output_format.schema', 'is required', { output_format: { type: 'json_schema' } }],
    ['mcp_servers', 'are not reached from here', { mcp_servers: [{ url: 'https://h' }] }],
    ['container', 'nothing is run here', { container: 'container_1' }],
    ['container', 'nothing is run here', { container: { skills: [{ skill_id: 'pdf' }] } }],
    ['compaction', 'conversations are not summed up', { compaction: { type: 'summarize' } }],
    ['fallbacks', 'no other model is asked', { fallbacks: [{ model: 'n' }] }],
  ])('%s: %s', (field, problem, change) => {
    expect(refusal(() => decoded(change))).toEqual(refused(field, problem))
  })

  test('that only differs in case, at every level', () => {
    const found = refusal(() => decoded({ Max_Tokens: 5 }))
    expect(found).toMatchObject({ status: 400, field: 'Max_Tokens' })
    const inner = refusal(() =>
      nativeUser({ type: 'text', text: 'x' }, { type: 'text', Text: 'x' }),
    )
    expect(inner).toMatchObject({ status: 400, field: `${BLOCK}.Text` })
  })
})

test('a prompt whose tokens are counted is refused for the same reasons', () => {
  expect(refusal(() => decodedPrompt({ model: 'm' }))).toEqual(refused('messages', 'is required'))
  const content = [{ type: 'text', text: 'x' }, PDF]
  const read = () => decodedPrompt({ model: 'm', messages: [{ role: 'user', content }] })
  expect(refusal(read)).toEqual(refused(`${BLOCK}.source.type`, 'must be "text"'))
})
