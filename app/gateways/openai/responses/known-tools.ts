import { z } from 'zod'
import { MAX_TOOLS } from '../../../domain/native.ts'
import { badField } from '../../../errors/gateway-error.ts'
import type { Tool } from '../chat-tools.ts'
import { checkTool, toolName } from '../function-tools.ts'
import { nativeName, type ToldTool } from './tool-names.ts'

const TOO_MANY = `at most ${MAX_TOOLS} tools`

const tool = z.object({
  type: z.string(),
  name: toolName.optional(),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
  format: z
    .object({ type: z.string(), syntax: z.string().optional(), definition: z.string().optional() })
    .nullish(),
  external_web_access: z.boolean().nullish(),
})
type GivenTool = z.infer<typeof tool>

const groupOrTool = tool.extend({ tools: z.array(tool).max(MAX_TOOLS, TOO_MANY).nullish() })
type GroupOrTool = z.infer<typeof groupOrTool>

/** What the model may call: functions, tools that take any text, and groups of both. */
export const tools = z.array(groupOrTool).max(MAX_TOOLS, TOO_MANY).nullish()

/** A tool as the model is told of it, and as its caller knows it. */
export interface KnownTool {
  readonly tool: Tool
  readonly told: ToldTool
}

/** The tools one by one. Throws bad_request for those that only OpenAI's own servers have. */
export function toKnownTools(given: readonly GroupOrTool[]): KnownTool[] {
  const known = given.flatMap((tool, i) => {
    if (isLeftOut(tool)) return []
    const { type, name, tools } = tool
    if (type !== 'namespace') return [toKnown(tool, `tools[${i}]`)]
    if (name === undefined) throw nameless(`tools[${i}]`)
    return (tools ?? []).map((inner, j) => toKnown(inner, `tools[${i}].tools[${j}]`, name))
  })
  if (known.length > MAX_TOOLS) throw badField('tools', TOO_MANY)
  return known
}

/** The tools as an answer repeats them: those that were left out are not among them. */
export const echoOfTools = (given: readonly GroupOrTool[]): object[] =>
  given
    .filter((tool) => !isLeftOut(tool))
    .map((tool) =>
      tool.type === 'function'
        ? { description: null, parameters: null, strict: null, ...tool }
        : tool,
    )

/** Codex offers a search to every model, unasked, and tells it in this way from that of others. */
const isLeftOut = ({ type, external_web_access }: GivenTool): boolean =>
  type === 'web_search' && external_web_access != null

function toKnown(given: GivenTool, field: string, namespace?: string): KnownTool {
  const { type, name, description, parameters } = given
  if (type !== 'function' && type !== 'custom') {
    const what = type.slice(0, 50)
    throw badField(
      `${field}.type`,
      `there are no tools of the type ${what} here; give functions, custom tools or namespaces`,
    )
  }
  if (name === undefined) throw nameless(field)
  const told: ToldTool = { kind: type, name, namespace }
  const about =
    type === 'function' ? { description, parameters: parameters ?? NOTHING } : textTool(given)
  const tool: Tool = { type: 'function', function: { name: nativeName(told), ...about } }
  checkTool(tool, field, type === 'function' ? `${field}.parameters` : field)
  return { told, tool }
}

const nameless = (field: string) => badField(`${field}.name`, 'must be a text')

const NOTHING = { type: 'object', properties: {} }

/** A tool that takes any text, as a function: models know no others. */
function textTool({ description, format }: GivenTool) {
  const { syntax = '', definition } = format ?? {}
  const form =
    definition === undefined ? '' : `Its input has this ${syntax} grammar:\n${definition}`
  return {
    description: [description, form].filter(Boolean).join('\n\n'),
    parameters: {
      type: 'object',
      properties: { input: { type: 'string', description: 'The whole input of the tool.' } },
      required: ['input'],
    },
  }
}
