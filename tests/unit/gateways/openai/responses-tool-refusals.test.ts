import { describe, expect, test } from 'bun:test'
import { refused } from './response-stage.ts'

const f = { type: 'function', name: 'f', description: 'does', parameters: { type: 'object' } }
const g = { type: 'function', name: 'g' }
const patch = {
  type: 'custom',
  name: 'patch',
  description: 'changes files',
  format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' },
}
const files = { type: 'namespace', name: 'files', description: 'of the user', tools: [f, patch] }

describe('a tool is refused, with its place,', () => {
  const kind = (what: string) =>
    `there are no tools of the type ${what} here; give functions, custom tools or namespaces`
  const CHOICE = 'must be function, custom or allowed_tools'
  const NONE_OF_THEM = 'names none of the tools that were given'
  test.each([
    ...[
      'web_search',
      'web_search_preview',
      'file_search',
      'code_interpreter',
      'image_generation',
      'mcp',
      'computer_use_preview',
      'local_shell',
      'tool_search',
    ].map((type) => [{ tools: [f, { type }] }, 'tools[1].type', kind(type)] as const),
    [{ tools: [{ ...files, tools: [f, { type: 'mcp' }] }] }, 'tools[0].tools[1].type', kind('mcp')],
    [{ tools: [{ ...files, tools: [files] }] }, 'tools[0].tools[0].type', kind('namespace')],
    [{ tools: [{ type: 'function' }] }, 'tools[0].name', 'must be a text'],
    [{ tools: [{ type: 'namespace', tools: [f] }] }, 'tools[0].name', 'must be a text'],
    [{ tools: [{ ...f, name: '' }] }, 'tools[0].name', 'must not be empty'],
    [{ tools: [f], tool_choice: { type: 'web_search' } }, 'tool_choice.type', CHOICE],
    [
      { tools: [f], tool_choice: 'perhaps' },
      'tool_choice',
      'must be none, auto or required, or choose with an object',
    ],
    [{ tool_choice: 'required' }, 'tool_choice', 'takes tools, and none were given'],
    [
      { tools: [f], tool_choice: { type: 'function', name: 'h' } },
      'tool_choice.name',
      NONE_OF_THEM,
    ],
    [{ tools: [f], tool_choice: { type: 'function' } }, 'tool_choice.name', 'must be a text'],
    [
      { tools: [f, files], tool_choice: { type: 'function', name: 'g', namespace: 'files' } },
      'tool_choice.name',
      NONE_OF_THEM,
    ],
    [
      { tools: [f], tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [f, g] } },
      'tool_choice.tools[1].name',
      NONE_OF_THEM,
    ],
    [
      { tools: [f], tool_choice: { type: 'allowed_tools', mode: 'auto', tools: [] } },
      'tool_choice.tools',
      'must name at least one tool',
    ],
    [
      { tools: [f], tool_choice: { type: 'allowed_tools', mode: 'auto' } },
      'tool_choice.tools',
      'must name at least one tool',
    ],
    [
      {
        tools: [1, 2].map((n) => ({
          ...files,
          name: `n${n}`,
          tools: Array.from({ length: 200 }, (_, i) => ({ ...f, name: `f${i}` })),
        })),
      },
      'tools',
      'at most 256 tools',
    ],
  ])('for %j', (change, field, problem) => {
    expect(refused(change)).toEqual({ field, message: `${field}: ${problem}` })
  })
})

describe('a tool that is too large is refused where its caller has it', () => {
  const unasked = { type: 'web_search', external_web_access: false }
  const big = { ...f, parameters: { type: 'object', description: 'x'.repeat(2 ** 16) } }
  const wordy = { ...patch, description: 'x'.repeat(2 ** 16) }
  test.each([
    ['tools[1].parameters', [unasked, big, g]],
    ['tools[2].tools[1].parameters', [unasked, f, { ...files, tools: [f, big] }]],
    ['tools[2]', [unasked, g, wordy]],
  ])('at %s', (field, tools) => {
    const message = `${field}: at most 65536 bytes of schema`
    for (const tool_choice of ['auto', 'none']) {
      expect(refused({ tools, tool_choice })).toEqual({ field, message })
    }
  })
})
