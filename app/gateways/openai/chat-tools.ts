import { z } from 'zod'
import { MAX_TOOLS } from '../../domain/native.ts'
import {
  checkTool,
  chosenTools,
  NO_CHOICE,
  NO_TOOL_NAMED,
  toolName,
  type Wanted,
} from './function-tools.ts'

const tool = z.object({
  type: z.literal('function', { error: 'must be "function"; there are no other tools here' }),
  function: z.object({
    name: toolName,
    description: z.string().nullish(),
    parameters: z.record(z.string(), z.unknown()).nullish(),
  }),
})
/** A function that the model may call. */
export type Tool = z.infer<typeof tool>

/** What the model may call. */
export const tools = z.array(tool).max(MAX_TOOLS, `at most ${MAX_TOOLS} tools`).nullish()

const named = z.object({ function: z.object({ name: z.string() }) })
const choice = z.discriminatedUnion(
  'type',
  [
    z.object({ type: z.literal('function'), ...named.shape }),
    z.object({
      type: z.literal('allowed_tools'),
      allowed_tools: z.object({ tools: z.array(named).min(1, NO_TOOL_NAMED) }),
    }),
  ],
  { error: 'must be function or allowed_tools' },
)

/** Which of them it is to call. */
export const toolChoice = z
  .union([z.enum(['none', 'auto', 'required']), choice], { error: NO_CHOICE })
  .nullish()
type ToolChoice = z.infer<typeof toolChoice>

/** The tools that the model is told of. Throws bad_request for a choice of what was not given. */
export function offeredTools(tools: readonly Tool[], choice: ToolChoice): Tool[] {
  tools.forEach((tool, i) => {
    checkTool(tool, `tools[${i}]`, `tools[${i}].function.parameters`)
  })
  return chosenTools(tools, choice && typeof choice === 'object' ? wantedBy(choice) : choice)
}

const wantedBy = (given: z.infer<typeof choice>): Wanted[] =>
  given.type === 'function'
    ? [{ name: given.function.name, field: 'tool_choice.function.name' }]
    : given.allowed_tools.tools.map(({ function: { name } }, i) => ({
        name,
        field: `tool_choice.allowed_tools.tools[${i}].function.name`,
      }))
