import { anthropic } from './anthropic/index.ts'
import type { Gateway } from './gateway.ts'
import { ollama } from './ollama/index.ts'
import { openai } from './openai/index.ts'

/** Every gateway there is. */
export const GATEWAYS: readonly Gateway[] = [ollama, openai, anthropic]
