import type { ChatRequest } from '../domain/native.ts'

type Think = ChatRequest['think']

/**
 * What a model is told about thinking. Clients ask every model to think, and Ollama refuses that for one
 * that can't: it is not told then. Null stands for a model of which nobody knows what it can do.
 */
export const possibleThinking = (think: Think, capabilities: readonly string[] | null): Think =>
  think && capabilities && !capabilities.includes('thinking') ? undefined : think
