import { z } from 'zod'
import { MAX_TOOLS } from '../../domain/native.ts'
import { badField } from '../../errors/gateway-error.ts'
import { checkSchema } from '../../upstream/payload.ts'

/** A tool that the caller runs. */
const tool = z.object({
  type: z
    .literal('custom', {
      error:
        'must be "custom" or left out; tools that only Anthropic\'s servers run are not offered here',
    })
    .nullish(),
  name: z.string().min(1, 'must not be empty').max(256),
  description: z.string().nullish(),
  input_schema: z.record(z.string(), z.unknown()),
})
type Tool = z.infer<typeof tool>

/** All that a model may be told of. */
export const tools = z.array(tool).max(MAX_TOOLS, `at most ${MAX_TOOLS} tools`).nullish()

/** Which of them the model is to call. */
export const toolChoice = z
  .object({
    type: z.enum(['auto', 'any', 'tool', 'none'], { error: 'must be auto, any, tool or none' }),
    name: z.string().nullish(),
    disable_parallel_tool_use: z.boolean().nullish(),
  })
  .nullish()
type ToolChoice = z.infer<typeof toolChoice>

/**
 * The tools that the model is told of, in Ollama's words. One that has to be called is the only one then;
 * that it, or any of several, will be called can't be promised: Ollama has nothing that enforces it.
 * Throws bad_request when the one that is chosen is not among them, or one is too large.
 */
export function offeredTools(tools: readonly Tool[], choice: ToolChoice) {
  const offered = tools.map(toNativeTool)
  if (choice?.type === 'none') return []
  if (choice?.type !== 'any' && choice?.type !== 'tool') return offered
  if (offered.length === 0) {
    throw badField('tool_choice', 'there are no tools to choose from; give some, or leave it out')
  }
  if (choice.type === 'any') return offered
  const chosen = offered.filter((tool) => tool.function.name === choice.name)
  if (chosen.length === 0) {
    throw badField('tool_choice.name', 'must be the name of one of the tools')
  }
  return chosen
}

function toNativeTool({ name, description, input_schema }: Tool, index: number) {
  const field = `tools[${index}]`
  const native = {
    type: 'function',
    function: { name, ...(description != null && { description }), parameters: input_schema },
  }
  checkSchema(input_schema, `${field}.input_schema`)
  checkSchema(native, field)
  return native
}
