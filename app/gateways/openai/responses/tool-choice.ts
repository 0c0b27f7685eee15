import { z } from 'zod'
import { badField } from '../../../errors/gateway-error.ts'
import { offeredTools, type Tool } from '../tools.ts'
import { nativeName } from './tool-names.ts'
import type { KnownTool } from './tools.ts'

const named = { name: z.string().optional(), namespace: z.string().optional() }
const choice = z.object({
  type: z.string(),
  ...named,
  mode: z.string().optional(),
  tools: z.array(z.object({ type: z.string().optional(), ...named })).optional(),
})

/** Which of the tools the model is to call. */
export const toolChoice = z.union([z.enum(['none', 'auto', 'required']), choice]).nullish()

/** The tools that the model is told of. Throws bad_request for a choice that is none of them. */
export function chosenTools(
  known: readonly KnownTool[],
  choice: z.infer<typeof toolChoice>,
): Tool[] {
  const tools = known.map(({ tool }) => tool)
  if (choice == null || typeof choice === 'string') return offeredTools(tools, choice)
  const names = namesIn(choice)
  const allowed = names.map((name) => ({ function: { name } }))
  const offered = offeredTools(tools, { type: 'allowed_tools', allowed_tools: { tools: allowed } })
  if (offered.length === 0) throw badField('tool_choice', 'names none of the tools that were given')
  return offered
}

function namesIn(given: z.infer<typeof choice>): string[] {
  switch (given.type) {
    case 'function':
    case 'custom':
      return namesOf([given])
    case 'allowed_tools':
      return namesOf(given.tools ?? [])
    default:
      throw badField('tool_choice.type', 'must be function, custom or allowed_tools')
  }
}

const namesOf = (
  given: readonly { readonly name?: string | undefined; readonly namespace?: string | undefined }[],
): string[] =>
  given.flatMap(({ name, namespace }) =>
    name === undefined ? [] : [nativeName({ name, namespace })],
  )
