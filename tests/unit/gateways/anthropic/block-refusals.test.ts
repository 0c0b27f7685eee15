import { describe, expect, test } from 'bun:test'
import { nativeMessages, nativeUser, PIXEL } from './decode.ts'
import { refusal, refused } from './refusal.ts'

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
    [
      'a document to be cited',
      { ...document({ type: 'text', data: 'x' }), citations: { enabled: true } },
      'citations.enabled',
      'nothing is cited here',
    ],
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
      'an answer to be cited',
      result({
        content: [{ ...document({ type: 'text', data: 'x' }), citations: { enabled: true } }],
      }),
      'content[0].citations.enabled',
      'nothing is cited here',
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
