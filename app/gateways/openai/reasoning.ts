import { z } from 'zod'
import type { ChatRequest } from '../../domain/native.ts'

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max', 'ultra'] as const
type Effort = (typeof EFFORTS)[number]

/** How much a model is to think. */
export const effort = z.enum(EFFORTS, { error: `must be one of ${EFFORTS.join(', ')}` }).nullish()

const THINK: Readonly<Record<Effort, ChatRequest['think']>> = {
  none: false,
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'max',
  max: 'max',
  ultra: 'max',
}

/** The same in Ollama's words; undefined leaves it to the model. */
export const toThink = (effort: Effort | null | undefined): ChatRequest['think'] =>
  effort == null ? undefined : THINK[effort]
