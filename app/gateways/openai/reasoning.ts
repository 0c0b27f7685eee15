import { z } from 'zod'
import type { ChatRequest, GenerateRequest } from '../../domain/native.ts'
import { possibleThinking } from '../possible-thinking.ts'

type Think = ChatRequest['think']
type Capabilities = readonly string[] | null

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max', 'ultra'] as const
type Effort = (typeof EFFORTS)[number]

/** How much a model is to think. */
export const effort = z.enum(EFFORTS, { error: `must be one of ${EFFORTS.join(', ')}` }).nullish()

const THINK: Readonly<Record<Effort, Think>> = {
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
export const toThink = (effort: Effort | null | undefined): Think =>
  effort == null ? undefined : THINK[effort]

/** A chat with what it says of thinking in Ollama's words, and beside it what it says in OpenAI's. */
export interface AskedThinking {
  readonly chat: ChatRequest
  readonly effort: Think
}

/**
 * What the model of a chat is told about thinking: what is said in Ollama's words, as it is; else the
 * effort, unless the model can't make any.
 */
export const thinkFor = ({ chat, effort }: AskedThinking, capabilities: Capabilities): Think =>
  chat.think ?? possibleThinking(effort, capabilities)

/**
 * The same for a completion, which has no place for thoughts: a model that would think for itself is told
 * not to, as its thoughts would use up what the answer may take.
 */
export const thinkForCompletion = ({ think }: GenerateRequest, capabilities: Capabilities): Think =>
  think ?? (capabilities?.includes('thinking') ? false : undefined)
