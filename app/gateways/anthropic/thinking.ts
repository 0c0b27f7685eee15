import { z } from 'zod'
import type { ChatRequest } from '../../domain/native.ts'
import { possibleThinking } from '../possible-thinking.ts'

const MODES = ['enabled', 'disabled', 'adaptive', 'between_tools'] as const
const EFFORTS = ['low', 'medium', 'high', 'xhigh', 'max'] as const
type Think = ChatRequest['think']

/** Whether a model is to think, and whether its thoughts are told. How long it does is up to it. */
export const thinking = z
  .object({
    type: z.enum(MODES, { error: `must be one of ${MODES.join(', ')}` }),
    display: z
      .enum(['summarized', 'omitted'], { error: 'must be summarized or omitted' })
      .nullish(),
  })
  .nullish()

/** How much trouble it is to take. */
export const effort = z.enum(EFFORTS, { error: `must be one of ${EFFORTS.join(', ')}` }).nullish()

/**
 * The same in Ollama's words: `thinking` decides first; undefined leaves it to the model. What is told
 * between calls with `between_tools` are no thoughts, so the model has none.
 */
export function toThink(
  given: z.infer<typeof thinking>,
  effort: (typeof EFFORTS)[number] | null | undefined,
): Think {
  if (given?.type === 'enabled') return true
  if (given?.type === 'disabled' || given?.type === 'between_tools') return false
  return effort === 'xhigh' ? 'max' : (effort ?? undefined)
}

/** Something that was asked for, and whether anything was said of thinking. */
interface Asked {
  readonly chat: Pick<ChatRequest, 'think'>
  readonly saysHowToThink: boolean
}

/**
 * What a model that can do this is told about thinking. Anthropic's don't think unasked, and callers who
 * say nothing of it read the first block as the answer: one that would think is told not to.
 */
export const thinkFor = (
  { chat, saysHowToThink }: Asked,
  capabilities: readonly string[] | null,
): Think =>
  !saysHowToThink && capabilities?.includes('thinking')
    ? false
    : possibleThinking(chat.think, capabilities)
