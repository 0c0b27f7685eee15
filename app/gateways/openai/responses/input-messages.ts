import type { NativeMessage } from '../../../domain/native.ts'
import { badField } from '../../../errors/gateway-error.ts'
import { argumentsOf } from '../chat-messages.ts'
import { neededText } from '../content.ts'
import { type Conversation, createConversation } from './conversation.ts'
import type { Item } from './input.ts'
import { toItemContent } from './item-content.ts'
import { thinkingIn } from './thinking.ts'
import { nativeName } from './tool-names.ts'

const KINDS = [
  ...['message', 'reasoning', 'function_call', 'function_call_output', 'custom_tool_call'],
  'custom_tool_call_output',
].join(', ')

/** The conversation as Ollama takes it. Throws bad_request with the path of what can't be told to it. */
export function messagesOf(
  input: string | readonly Item[],
  instructions: string | null | undefined,
): NativeMessage[] {
  const conversation = createConversation()
  if (instructions) conversation.hear({ role: 'system', content: instructions })
  if (typeof input === 'string') conversation.hear({ role: 'user', content: input })
  else input.forEach((item, i) => void add(conversation, item, `input[${i}]`))
  const messages = conversation.end()
  // Ollama would only load the model, and answer that it has.
  if (messages.length === 0) throw badField('input', 'holds nothing that can be answered')
  return messages
}

function add(conversation: Conversation, item: Item, field: string): void {
  switch (item.type ?? kindOf(item)) {
    case 'message':
      addMessage(conversation, item, field)
      return
    case 'reasoning':
      conversation.think(thinkingIn(item))
      return
    case 'function_call':
      conversation.call({
        ...callIn(item, field),
        arguments: argumentsOf(item.arguments, `${field}.arguments`),
      })
      return
    case 'custom_tool_call':
      conversation.call({
        ...callIn(item, field),
        arguments: { input: neededText(item.input, `${field}.input`) },
      })
      return
    case 'function_call_output':
    case 'custom_tool_call_output':
      addOutput(conversation, item, field)
      return
    case 'item_reference':
      throw badField(`${field}.type`, 'nothing is kept here to refer to; send the item itself')
    default:
      throw badField(`${field}.type`, `must be one of ${KINDS}; no other can be read`)
  }
}

/** Messages may leave out what they are, and so may references. */
const kindOf = ({ role, id }: Item): string | undefined => {
  if (role != null) return 'message'
  return id == null ? undefined : 'item_reference'
}

function addMessage(conversation: Conversation, { role, content }: Item, field: string): void {
  const said = toItemContent(content, `${field}.content`)
  if (role == null) throw badField(`${field}.role`, 'must say who speaks')
  if (role === 'assistant') conversation.say(said)
  // Only some models know the newer word for it.
  else conversation.hear({ role: role === 'developer' ? 'system' : role, ...said })
}

const callIn = ({ call_id, name, namespace }: Item, field: string) => ({
  id: neededText(call_id, `${field}.call_id`),
  name: nativeName({
    name: neededText(name, `${field}.name`),
    namespace: namespace ?? undefined,
  }),
})

function addOutput(conversation: Conversation, { call_id, output }: Item, field: string): void {
  const tool_call_id = neededText(call_id, `${field}.call_id`)
  const tool_name = conversation.calledBy(tool_call_id)
  conversation.hear({
    role: 'tool',
    ...toItemContent(output, `${field}.output`),
    ...(tool_name !== undefined && { tool_name }),
    tool_call_id,
  })
}
