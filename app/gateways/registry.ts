import type { Gateway } from './gateway.ts'
import { ollama } from './ollama/index.ts'

/** Every gateway there is. */
export const GATEWAYS: readonly Gateway[] = [ollama]
