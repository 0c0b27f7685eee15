import { type Dialect, inStep, MESSAGES } from './dialect.ts'

/** Ollama's own words. */
export const native: Dialect = {
  name: 'native',
  path: '/ollama/api/chat',
  framing: 'lines',
  whole: (model) => JSON.stringify({ model, messages: MESSAGES, stream: false }),
  streamed: (chat) => {
    const options = { num_predict: chat.records, ...inStep(chat) }
    return JSON.stringify({ model: chat.model, messages: MESSAGES, stream: true, options })
  },
  pieces: (records) => records,
  closing: { whole: '"done":true', streamed: '"done":true' },
}
