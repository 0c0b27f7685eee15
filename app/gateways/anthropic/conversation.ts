import { z } from 'zod'
import { MAX_MESSAGES, MAX_TOOLS, type NativeMessage } from '../../domain/native.ts'
import { badField } from '../../errors/gateway-error.ts'
import { standardBase64 } from '../inline-image.ts'
import {
  assistantContent,
  noSuchKind,
  type SeenBlock,
  systemContent,
  type TextBlock,
  type ToolResultBlock,
  type ToolUseBlock,
  userContent,
} from './blocks.ts'

const assistantMessage = z.object({ role: z.literal('assistant'), content: assistantContent })

const message = z.discriminatedUnion(
  'role',
  [
    z.object({ role: z.literal('user'), content: userContent }),
    assistantMessage,
    z.object({ role: z.literal('system'), content: systemContent }),
  ],
  noSuchKind('must be user, assistant or system'),
)
type Message = z.infer<typeof message>

/** A conversation; one that ends with words of the model has it go on from there. */
export const messages = z
  .array(message)
  .min(1, 'must hold at least one message')
  .max(MAX_MESSAGES, `at most ${MAX_MESSAGES} messages`)

/** What comes before it. */
export const system = systemContent.nullish()

/**
 * The same in Ollama's words: results of tools are messages of their own, before what is said along with
 * them. Throws bad_request for more than a model can be sent.
 */
export function toNativeMessages(
  system: string | readonly TextBlock[] | null | undefined,
  messages: readonly Message[],
): NativeMessage[] {
  const instructions = textOf(listed(system ?? ''))
  const toolNames = new Map<string, string>()
  const native = messages.flatMap((message, i) => toNative(message, `messages[${i}]`, toolNames))
  if (native.length > MAX_MESSAGES) {
    const most = `at most ${MAX_MESSAGES} messages, where each tool_result counts as one`
    throw badField('messages', most)
  }
  return instructions === '' ? native : [{ role: 'system', content: instructions }, ...native]
}

function toNative(
  message: Message,
  field: string,
  toolNames: Map<string, string>,
): NativeMessage[] {
  switch (message.role) {
    case 'system':
      return [{ role: 'system', content: textOf(listed(message.content)) }]
    case 'assistant':
      return [assistant(message, field, toolNames)]
    case 'user': {
      const blocks = listed(message.content)
      const results = blocks.filter((block) => block.type === 'tool_result')
      const said = blocks.filter((block) => block.type !== 'tool_result')
      const answers = results.map((result) => answer(result, toolNames))
      // A chat of no messages at all would only load the model.
      const isSilent = said.length === 0 && answers.length > 0
      return isSilent ? answers : [...answers, { role: 'user', ...seen(said) }]
    }
  }
}

function assistant(
  { content }: z.infer<typeof assistantMessage>,
  field: string,
  toolNames: Map<string, string>,
): NativeMessage {
  const blocks = listed(content)
  const calls = blocks.filter((block) => block.type === 'tool_use')
  if (calls.length > MAX_TOOLS) throw badField(`${field}.content`, `at most ${MAX_TOOLS} calls`)
  for (const { id, name } of calls) toolNames.set(id, name)
  const thoughts = blocks.flatMap((block) => (block.type === 'thinking' ? [block.thinking] : []))
  return {
    role: 'assistant',
    content: textOf(blocks.filter((block) => block.type === 'text')),
    ...(thoughts.length > 0 && { thinking: thoughts.join('\n') }),
    ...(calls.length > 0 && { tool_calls: calls.map(toNativeCall) }),
  }
}

const toNativeCall = ({ id, name, input }: ToolUseBlock, index: number) => ({
  id,
  function: { index, name, arguments: input ?? {} },
})

/** What a tool has answered. Ollama has no field that says it failed, so the text does. */
function answer(
  { tool_use_id, content, is_error }: ToolResultBlock,
  toolNames: ReadonlyMap<string, string>,
): NativeMessage {
  const result = seen(listed(content ?? ''))
  const tool_name = toolNames.get(tool_use_id)
  return {
    role: 'tool',
    ...result,
    ...(is_error && { content: `Error: ${result.content}` }),
    ...(tool_name !== undefined && { tool_name }),
    tool_call_id: tool_use_id,
  }
}

/** One text, and the images beside it. */
function seen(blocks: readonly SeenBlock[]): { content: string; images?: string[] } {
  const images = blocks.flatMap((block) =>
    block.type === 'image' ? (standardBase64(block.source.data) ?? []) : [],
  )
  const content = textOf(blocks.filter((block) => block.type !== 'image'))
  return { content, ...(images.length > 0 && { images }) }
}

const textOf = (blocks: readonly Exclude<SeenBlock, { type: 'image' }>[]): string =>
  blocks
    .map((block) =>
      block.type === 'text'
        ? block.text
        : [block.title, block.context, block.source.data].filter(Boolean).join('\n'),
    )
    .join('\n')

/** A text is short for one block of text. */
const listed = <Block>(content: string | readonly Block[]): readonly (Block | TextBlock)[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : content
