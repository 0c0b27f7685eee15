import { z } from 'zod'
import { badField } from '../../../errors/gateway-error.ts'
import type { Tool } from '../chat-tools.ts'
import { neededText } from '../content.ts'
import { chosenTools, NO_CHOICE, NO_TOOL_NAMED, type Wanted } from '../function-tools.ts'
import type { KnownTool } from './known-tools.ts'
import { nativeName } from './tool-names.ts'

const named = { name: z.string().optional(), namespace: z.string().optional() }
const choice = z.object({
  type: z.string(),
  ...named,
  mode: z.string().optional(),
  tools: z.array(z.object({ type: z.string().optional(), ...named })).optional(),
})
type Choice = z.infer<typeof choice>

/** Which of the tools the model is to call. */
export const toolChoice = z
  .union([z.enum(['none', 'auto', 'required']), choice], { error: NO_CHOICE })
  .nullish()

/** The tools that the model is told of. Throws bad_request for a choice of what was not given. */
export const offeredKnownTools = (
  known: readonly KnownTool[],
  choice: z.infer<typeof toolChoice>,
): Tool[] =>
  chosenTools(
    known.map(({ tool }) => tool),
    choice && typeof choice === 'object' ? wantedBy(choice) : choice,
  )

function wantedBy(given: Choice): Wanted[] {
  switch (given.type) {
    case 'function':
    case 'custom':
      return [wanted(given, 'tool_choice')]
    case 'allowed_tools':
      if (!given.tools?.length) throw badField('tool_choice.tools', NO_TOOL_NAMED)
      return given.tools.map((tool, i) => wanted(tool, `tool_choice.tools[${i}]`))
    default:
      throw badField('tool_choice.type', 'must be function, custom or allowed_tools')
  }
}

function wanted({ name, namespace }: Pick<Choice, 'name' | 'namespace'>, at: string): Wanted {
  const field = `${at}.name`
  return { name: nativeName({ name: neededText(name, field), namespace }), field }
}
