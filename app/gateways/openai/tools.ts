import { z } from 'zod'
import { MAX_TOOLS } from '../../domain/native.ts'

const schema = z.record(z.string(), z.unknown())

/** A function that the model may call. */
const tool = z.object({
  type: z.literal('function', { error: 'must be "function"; there are no other tools here' }),
  function: z.object({
    name: z.string().min(1, 'must not be empty').max(256),
    description: z.string().nullish(),
    parameters: schema.nullish(),
  }),
})
export type Tool = z.infer<typeof tool>

export const tools = z.array(tool).max(MAX_TOOLS, `at most ${MAX_TOOLS} tools`).nullish()

const named = z.object({ function: z.object({ name: z.string() }) })

/** Which of them it is to call. */
export const toolChoice = z
  .union([
    z.enum(['none', 'auto', 'required']),
    z.object({ type: z.literal('function'), ...named.shape }),
    z.object({
      type: z.literal('allowed_tools'),
      allowed_tools: z.object({ tools: z.array(named) }),
    }),
  ])
  .nullish()
type ToolChoice = z.infer<typeof toolChoice>

/**
 * The tools that the model is told of. One that has to be called is the only one then; that it will be
 * called can't be promised.
 */
export function offeredTools(tools: readonly Tool[], choice: ToolChoice): Tool[] {
  if (choice === 'none') return []
  if (choice == null || typeof choice === 'string') return [...tools]
  const wanted = choice.type === 'function' ? [choice] : choice.allowed_tools.tools
  const names = wanted.map(({ function: { name } }) => name)
  return tools.filter(({ function: { name } }) => names.includes(name))
}
