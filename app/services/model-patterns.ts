import { parseModelName } from '../domain/model-name.ts'
import { GatewayError } from '../errors/gateway-error.ts'

/** Model names and patterns as they are stored, each once. Throws invalid for what is neither. */
export function checkedPatterns(patterns: readonly string[]): string[] {
  const models = [...new Set(patterns.map((pattern) => pattern.trim().toLowerCase()))]
  for (const model of models) checkPattern(model)
  return models
}

function checkPattern(pattern: string): void {
  if (/^[a-z0-9_.:/*-]+$/.test(pattern) && (pattern.includes('*') || parseModelName(pattern)))
    return
  throw new GatewayError(
    'invalid',
    `"${pattern}" is neither a model name nor a pattern such as llama3*`,
  )
}
