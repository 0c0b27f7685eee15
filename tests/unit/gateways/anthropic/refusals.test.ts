import { describe, expect, test } from 'bun:test'
import type { GatewayError } from '../../../../app/errors/gateway-error.ts'
import { decoded, decodedPrompt, nativeMessages, nativeUser, PIXEL, tool } from './decode.ts'

/** Why it is refused; null when it is not. */
function refusal(read: () => unknown): unknown {
  try {
    read()
  } catch (err) {
    const { status, code, field, message } = err as GatewayError
    return { status, code, field, message }
  }
  return null
}

const refused = (field: string, problem: string) => ({
  status: 400,
  code: 'bad_request',
  field,
  message: expect.stringContaining(`${field}: ${problem}`),
})

const BLOCK = 'messages[0].content[1]'
const NO_BLOCK = 'no other block can be read here'
const source = (change: object) => ({
  type: 'image',
  source: { type: 'base64', media_type: 'image/png', data: PIXEL, ...change },
})
const document = (source: object) => ({ type: 'document', source })
const result = (change: object) => ({ type: 'tool_result', tool_use_id: '1', ...change })

describe('a block of a user is refused with its path', () => {
  test.each<[string, object, string, string]>([
    [
      'an image elsewhere',
      source({ type: 'url', url: 'http://h/x.png' }),
      'source.type',
      'must be',
    ],
    ['an image on file', source({ type: 'file', file_id: 'f' }), 'source.type', 'must be "base64"'],
    [
      'no kind of image',
      source({ media_type: 'image/gif' }),
      'source.media_type',
      'must be one of',
    ],
    ['an image without a kind', source({ media_type: null }), 'source.media_type', 'must be one'],
    ['no base64', source({ data: 'data:image/png;base64,AA' }), 'source.data', 'is not valid'],
    ['an empty image', source({ data: '' }), 'source.data', 'is not valid base64'],
    ['a PDF', document({ type: 'base64', data: 'JVBERi0' }), 'source.type', 'must be "text"'],
    ['a document elsewhere', document({ type: 'url', url: 'x' }), 'source.type', 'must be "text"'],
    ['a document on file', document({ type: 'file', file_id: 'f' }), 'source.type', 'must be'],
    ['blocks as a document', document({ type: 'content', content: [] }), 'source.type', 'must be'],
    ['a search result', { type: 'search_result', title: 'x' }, 'type', 'must be text, image'],
    ['a file', { type: 'container_upload', file_id: 'f' }, 'type', 'must be text, image'],
    ['a call', { type: 'tool_use', id: '1', name: 'f', input: {} }, 'type', 'must be text, image'],
    ['thoughts', { type: 'thinking', thinking: 'x' }, 'type', 'must be text, image'],
    ['no type', { text: 'x' }, 'type', 'must be text, image, document or tool_result'],
    ['a text without text', { type: 'text' }, 'text', 'is required'],
    ['an answer to nothing', { type: 'tool_result' }, 'tool_use_id', 'is required'],
    ['a number as an answer', result({ content: 5 }), 'content', 'must be a text or a list'],
    ['an answer by a tool', result({ content: [result({})] }), 'content[0].type', 'must be text'],
    [
      'an answer that is elsewhere',
      result({ content: [source({ type: 'url' })] }),
      'content[0].source.type',
      'must be "base64"',
    ],
    [
      'a failure that is no boolean',
      result({ is_error: 'yes' }),
      'is_error',
      'must be true or false',
    ],
  ])('%s', (_, block, field, problem) => {
    const found = refusal(() => nativeUser({ type: 'text', text: 'see' }, block))
    expect(found).toEqual(refused(`${BLOCK}.${field}`, problem))
  })
})

describe('a block of a model is refused with its path', () => {
  const use = (change: object) => ({ type: 'tool_use', id: '1', name: 'f', input: {}, ...change })

  test.each<[string, object, string, string]>([
    ['a call without an id', use({ id: undefined }), 'id', 'is required'],
    ['a call with an empty id', use({ id: '' }), 'id', 'must not be empty'],
    ['a call without a name', use({ name: undefined }), 'name', 'is required'],
    ['a call of nothing', use({ name: '' }), 'name', 'must not be empty'],
    ['a call with a text', use({ input: '{}' }), 'input', 'must be an object'],
    ['a call with a list', use({ input: [] }), 'input', 'must be an object'],
    ['thoughts without text', { type: 'thinking' }, 'thinking', 'is required'],
    ['an image', source({}), 'type', 'must be text, tool_use, thinking or redacted_thinking'],
    ['an answer of a tool', result({}), 'type', 'must be text, tool_use'],
    ['a call that Anthropic ran', { ...use({}), type: 'server_tool_use' }, 'type', 'must be text'],
    ['what it found', { type: 'web_search_tool_result', content: [] }, 'type', 'must be text'],
  ])('%s', (_, block, field, problem) => {
    const content = [{ type: 'text', text: 'x' }, block]
    const found = refusal(() => nativeMessages([{ role: 'assistant', content }]))
    expect(found).toEqual(refused(`${BLOCK}.${field}`, problem))
  })

  test('says which blocks there are', () => {
    const found = refusal(() => nativeUser({ type: 'text', text: 'x' }, { type: 'audio' }))
    expect(found).toMatchObject({ message: expect.stringContaining(NO_BLOCK) })
  })

  test('too many calls at once', () => {
    const calls = (count: number) => Array.from({ length: count }, (_, i) => use({ id: `${i}` }))
    const read = (count: number) => () =>
      nativeMessages([{ role: 'assistant', content: calls(count) }])
    expect(refusal(read(256))).toBeNull()
    expect(refusal(read(257))).toEqual(refused('messages[0].content', 'at most 256 calls'))
  })
})

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
      { messages: [{ role: 'system', content: [source({})] }] },
    ],
    ['system', 'must be a text or a list of at most 1000 blocks', { system: 5 }],
    ['system[0].type', 'must be text', { system: [source({})] }],
    ['stream', 'must be true or false', { stream: 'yes' }],
    ['temperature', 'must be a number', { temperature: 'hot' }],
    ['top_k', 'must be a whole number', { top_k: 1.5 }],
    ['stop_sequences', 'must be a list', { stop_sequences: 'END' }],
    ['stop_sequences[0]', 'must be a text', { stop_sequences: [1] }],
    ['tools', 'must be a list', { tools: {} }],
    ['tools', 'at most 256 tools', { tools: Array(257).fill(tool('f')) }],
    ['tools[0].type', 'must be', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
    ['tools[1].type', 'must be', { tools: [...tools, { type: 'bash_20250124', name: 'bash' }] }],
    ['tools[0].input_schema', 'is required', { tools: [{ name: 'f' }] }],
    ['tools[0].input_schema', 'must be an', { tools: [{ ...tool('f'), input_schema: [] }] }],
    ['tools[0].name', 'must not be empty', { tools: [tool('')] }],
    ['tool_choice', 'must be an object', { tools, tool_choice: 'auto' }],
    ['tool_choice.type', 'must be auto, any, tool', { tools, tool_choice: { type: 'required' } }],
    ['tool_choice.name', 'must be the name of one of', { tools, tool_choice: { type: 'tool' } }],
    ['tool_choice.name', 'must be the name', { tools, tool_choice: { type: 'tool', name: 'x' } }],
    ['tool_choice.name', 'must be the name of one', { tool_choice: { type: 'tool', name: 'x' } }],
    ['thinking.type', 'must be one of enabled, disabled', { thinking: { type: 'hard' } }],
    ['thinking.display', 'must be summarized', { thinking: { type: 'adaptive', display: 'all' } }],
    ['output_config.effort', 'must be one of low, medium', { output_config: { effort: 'huge' } }],
    ['output_config.format.type', 'must be "json', { output_config: { format: { type: 'json' } } }],
    ['output_format.schema', 'is required', { output_format: { type: 'json_schema' } }],
    ['mcp_servers', 'are not reached from here', { mcp_servers: [{ url: 'https://h' }] }],
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
  const content = [{ type: 'text', text: 'x' }, document({ type: 'base64', data: 'x' })]
  const read = () => decodedPrompt({ model: 'm', messages: [{ role: 'user', content }] })
  expect(refusal(read)).toEqual(refused(`${BLOCK}.source.type`, 'must be "text"'))
})
