import { z } from 'zod'
import { badField } from '../../errors/gateway-error.ts'
import { checkSchema } from '../../upstream/payload.ts'

/** The name of a tool. */
export const toolName = z.string().min(1, 'must not be empty').max(256, 'at most 256 characters')

/** A tool, as far as it is chosen and measured here. */
interface FunctionTool {
  readonly function: { readonly name: string; readonly parameters?: unknown }
}

/** A tool that is meant, and where its caller says so. */
export interface Wanted {
  readonly name: string
  readonly field: string
}

/** What is said of a choice that is neither a word nor an object. */
export const NO_CHOICE = 'must be none, auto or required, or choose with an object'
/** What is said of a choice among several that names none. */
export const NO_TOOL_NAMED = 'must name at least one tool'

/**
 * The tools that the model is told of. One that has to be called is the only one then; that it, or any
 * of several, will be called can't be promised. Throws bad_request for a choice of what was not given.
 */
export function chosenTools<Tool extends FunctionTool>(
  tools: readonly Tool[],
  choice: 'none' | 'auto' | 'required' | readonly Wanted[] | null | undefined,
): Tool[] {
  if (choice === 'none') return []
  if (choice === 'required' && tools.length === 0) {
    throw badField('tool_choice', 'takes tools, and none were given')
  }
  if (choice == null || typeof choice === 'string') return [...tools]
  const given = new Set(tools.map(nameOf))
  for (const { name, field } of choice) {
    if (!given.has(name)) throw badField(field, 'names none of the tools that were given')
  }
  const names = new Set(choice.map(({ name }) => name))
  return tools.filter((tool) => names.has(nameOf(tool)))
}

/** Refuses a tool that is too large for a model runner; its schema is at `schemaField`. */
export function checkTool(tool: FunctionTool, field: string, schemaField: string): void {
  checkSchema(tool.function.parameters, schemaField)
  checkSchema(tool, field)
}

const nameOf = (tool: FunctionTool): string => tool.function.name
