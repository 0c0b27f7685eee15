import { z } from 'zod'
import { MAX_MESSAGES, MAX_TOOLS, type NativeMessage } from '../../domain/native.ts'
import { parseStrictJson } from '../../domain/strict-json.ts'
import { badField } from '../../errors/gateway-error.ts'
import { refused } from '../refused.ts'
import { chatContent, toChatContent } from './chat-content.ts'
import { NO_CONTENT } from './content.ts'

const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'] as const

const toolCall = z.object({
  id: z.string().optional(),
  type: z.literal('function', { error: 'must be "function"' }).optional(),
  function: z.object({ name: z.string(), arguments: z.string().nullish() }),
})

const message = z.object({
  role: z.enum(ROLES, { error: `must be one of ${ROLES.join(', ')}` }),
  content: chatContent,
  name: z.string().nullish(),
  tool_calls: z.array(toolCall).max(MAX_TOOLS, `at most ${MAX_TOOLS} calls`).nullish(),
  tool_call_id: z.string().nullish(),
  function_call: refused('give it as tool_calls'),
  reasoning: z.string().nullish(),
  reasoning_content: z.string().nullish(),
})
type Message = z.infer<typeof message>

/** A conversation. */
export const messages = z
  .array(message)
  .min(1, 'must hold at least one message')
  .max(MAX_MESSAGES, `at most ${MAX_MESSAGES} messages`)

/** The messages as Ollama takes them. Throws bad_request with the path of what can't be told to it. */
export function toNativeMessages(messages: readonly Message[]): NativeMessage[] {
  const toolNames = new Map<string, string>()
  return messages.map((message, i) => {
    for (const { id, function: called } of message.tool_calls ?? []) {
      if (id !== undefined) toolNames.set(id, called.name)
    }
    return toNative(message, `messages[${i}]`, toolNames)
  })
}

function toNative(
  message: Message,
  field: string,
  toolNames: ReadonlyMap<string, string>,
): NativeMessage {
  const { role, tool_calls, tool_call_id, name } = message
  const said = toChatContent(message.content, `${field}.content`)
  switch (role) {
    case 'tool':
    case 'function': {
      const tool_name = name ?? toolNames.get(tool_call_id ?? '')
      return {
        role: 'tool',
        ...said,
        ...(tool_name !== undefined && { tool_name }),
        ...(tool_call_id != null && { tool_call_id }),
      }
    }
    case 'assistant': {
      const thinking = message.reasoning ?? message.reasoning_content
      const calls = (tool_calls ?? []).map((call, i) => toNativeCall(call, field, i))
      if (message.content == null && calls.length === 0 && thinking == null) {
        throw badField(`${field}.content`, 'must be there where no tools are called')
      }
      return {
        role,
        ...said,
        ...(thinking != null && { thinking }),
        ...(calls.length > 0 && { tool_calls: calls }),
      }
    }
    default:
      if (message.content == null) throw badField(`${field}.content`, NO_CONTENT)
      // Only some models know the newer word for it.
      return { role: role === 'developer' ? 'system' : role, ...said }
  }
}

function toNativeCall(
  { id, function: called }: z.infer<typeof toolCall>,
  field: string,
  index: number,
) {
  const at = `${field}.tool_calls[${index}].function.arguments`
  return {
    ...(id !== undefined && { id }),
    function: { index, name: called.name, arguments: argumentsOf(called.arguments, at) },
  }
}

/** The arguments of a call, which OpenAI has as text. Throws bad_request unless they are an object. */
export function argumentsOf(
  text: string | null | undefined,
  field: string,
): Record<string, unknown> {
  if (text == null || text.trim() === '') return {}
  try {
    const value = parseStrictJson(text)
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      return value as Record<string, unknown>
    }
  } catch {
    // Without the parser's own message, which speaks of the whole body.
  }
  throw badField(field, 'must be a JSON object, written as text')
}
