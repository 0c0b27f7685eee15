import { z } from 'zod'
import type { ChatRequest } from '../../domain/native.ts'

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

/** The same in Ollama's words: `thinking` decides first; undefined leaves it to the model. */
export function toThink(
  given: z.infer<typeof thinking>,
  effort: (typeof EFFORTS)[number] | null | undefined,
): Think {
  if (given?.type === 'enabled') return true
  if (given?.type === 'disabled') return false
  return effort === 'xhigh' ? 'max' : (effort ?? undefined)
}
