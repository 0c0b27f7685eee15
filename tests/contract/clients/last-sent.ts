import type { Stage } from '../../support/gateway/stage.ts'

/** What the model was asked last in a chat. */
export const lastSent = ({ ollama }: Stage): Record<string, unknown> =>
  ollama.calls('/api/chat').at(-1)?.json() as Record<string, unknown>
