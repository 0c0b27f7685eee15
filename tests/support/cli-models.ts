import { afterAll } from 'bun:test'
import { startFakeOllama } from './fake-ollama.ts'
import { temporaryFolder } from './temporary-folder.ts'

/**
 * A fake Ollama that has two models, and settings of a program in front of it that knows one of them as
 * `tiny`. Call it outside of tests.
 */
export async function twoModels() {
  const dataDir = temporaryFolder()
  const ollama = await startFakeOllama({ models: ['llama3.2:3b', 'qwen3:8b'], version: '0.14.2' })
  afterAll(() => ollama.stop())
  return {
    dataDir,
    ollama,
    env: {
      PARALLAMA_DATA_DIR: dataDir,
      PARALLAMA_OLLAMA_URLS: ollama.url,
      PARALLAMA_GATEWAYS: '{ollama: {model_mappings: {tiny: "llama3.2:3b"}}}',
    },
  }
}
