import { MODEL, type Stage, type StageOptions, setStage } from '../../support/gateway/stage.ts'

/** A model that thinks unless it is told not to. */
export const THINKER = 'thinker:8b'

/** A stage whose user may use every gateway, and whose models can do everything; to be held with `await using` or taken down after all tests. */
export async function setClientStage(settings: StageOptions['settings'] = {}): Promise<Stage> {
  const capabilities = ['completion', 'tools', 'vision', 'embedding']
  const models = [
    { name: MODEL, capabilities },
    { name: THINKER, capabilities: [...capabilities, 'thinking'] },
    { name: 'hf.co/someone/small:Q4_K_M', capabilities },
  ]
  const stage = await setStage({ ollama: { models }, settings })
  return { ...stage, user: await stage.gateway.user({ roles: ['premium'] }) }
}
