/** The one model of the simulated Ollama. */
export const simulatedModel = 'llama3.2:3b'

/** The Ollama version that the simulation plays. */
export const simulatedVersion = '0.32.15'

const digest = 'a80c4f17acd55265feec403c7aef86be0c25983ab279d83f3bcd3abbcb5b8b72'
const size = 2_019_393_189
const modified_at = '2026-08-01T09:00:00.123456789Z'
const capabilities = ['completion']
const details = {
  parent_model: '',
  format: 'gguf',
  family: 'llama',
  families: ['llama'],
  parameter_size: '3.2B',
  quantization_level: 'Q4_K_M',
}
const identity = { name: simulatedModel, model: simulatedModel, size, digest }

/** Its entry in /api/tags. */
export const tagsEntry = {
  ...identity,
  modified_at,
  details: { ...details, context_length: 131_072 },
  capabilities,
}

/** Its answer to /api/show. */
export const showEntry = {
  license: 'None: this model is simulated.',
  modelfile: `FROM ${simulatedModel}\n`,
  template: '{{ .Prompt }}',
  details,
  model_info: { 'general.architecture': 'llama', 'llama.context_length': 131_072 },
  capabilities,
  modified_at,
}

/** Its entry in /api/ps at the given time (epoch ms): always loaded, for five more minutes. */
export function psEntry(now: number) {
  const expires_at = new Date(now + 300_000).toISOString()
  return { ...identity, details, expires_at, size_vram: size, context_length: 8192 }
}
