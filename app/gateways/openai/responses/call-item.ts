import type { AnswerToolCall } from '../../../domain/native-answer.ts'
import { idOf } from '../../id-of.ts'
import { toolCallOf } from '../answer.ts'
import type { ToldTool } from './tool-names.ts'

/** A call of a tool as an item, and what it takes to tell it bit by bit. */
export interface CallItem {
  readonly item: object
  readonly id: string
  readonly name: string
  /** The field of the item that holds what the tool is given. */
  readonly field: 'arguments' | 'input'
  readonly given: string
  /** What the names of the events about it begin with. */
  readonly events: string
}

const FORMS = {
  function: {
    prefix: 'fc_',
    type: 'function_call',
    field: 'arguments',
    events: 'response.function_call_arguments',
  },
  custom: {
    prefix: 'ctc_',
    type: 'custom_tool_call',
    field: 'input',
    events: 'response.custom_tool_call_input',
  },
} as const

/** The call in the words of its tool's kind; of a tool that nobody gave, in those of a function. */
export function callItemOf(
  call: AnswerToolCall,
  told: ToldTool | undefined,
  newId: () => string,
): CallItem {
  const { id: call_id, function: called } = toolCallOf(call, 0, newId)
  const { kind, name, namespace } = told ?? { kind: 'function', name: called.name }
  const { prefix, type, field, events } = FORMS[kind]
  const id = idOf(prefix, newId)
  const given = (kind === 'custom' ? textIn(call) : null) ?? called.arguments
  const item = {
    id,
    type,
    status: 'completed',
    call_id,
    name,
    ...(namespace && { namespace }),
    [field]: given,
  }
  return { item, id, name, field, given, events }
}

/** Null when the model gave it in another form than it was asked for. */
const textIn = ({ function: { arguments: given } }: AnswerToolCall): string | null =>
  typeof given?.input === 'string' ? given.input : null
